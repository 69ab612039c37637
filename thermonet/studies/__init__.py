"""Whole stories: a design and what follows from it."""
