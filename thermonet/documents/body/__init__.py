"""Body documents (``thermonet: body/1``): layers in a row, or regions that are drawn or come from a mesh file."""
