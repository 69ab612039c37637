"""Bodies of any shape: what they are in numbers, and what they become on a mesh."""
