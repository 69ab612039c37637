"""Lumped thermal networks: graphs as systems, the network around a contact, spreading resistances."""
