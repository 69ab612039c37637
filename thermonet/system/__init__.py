"""Every linear thermal thing is the same system; one module per question asked of it."""
