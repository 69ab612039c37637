"""From a design's shapes to labelled meshes: regions, interfaces, boundaries."""
