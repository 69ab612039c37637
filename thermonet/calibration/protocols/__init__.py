"""Protocols: what must vanish at the true readings, and the parameters that it takes."""
