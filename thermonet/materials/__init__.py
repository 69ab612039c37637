"""Conductivities, heat capacities and boundary conductances with source and uncertainty; size effects."""
