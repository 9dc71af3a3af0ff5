"""The local stack keeps its word: over real processes, with stand-ins for API and worker only."""
