"""`flask ...`, as an operator types it."""
