"""Studies of network documents: from nodes, elements and bodies to temperatures, heats, resistances, times."""
