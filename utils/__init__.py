"""The ground floor: small helpers that import nothing of the project."""
