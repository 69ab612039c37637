"""Meshes to assembled systems: elements, interfaces, sources, sensors, the error estimate."""
