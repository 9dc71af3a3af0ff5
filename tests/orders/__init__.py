"""Orders as clients see them: over HTTP, as the contract says."""
