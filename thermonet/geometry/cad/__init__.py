"""Bodies that users draw: shapes and boolean operations, checked, then meshed with their names."""
