"""Equilibrated fluxes of a body on a mesh, and how far they are from the flux of its temperature."""
