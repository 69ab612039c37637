"""Network documents (``thermonet: network/1``): nodes, elements between them, bodies as elements with terminals."""
