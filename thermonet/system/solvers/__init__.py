"""Ways to solve (K + s C) x = load on the unknowns that are not held, behind one function."""
