"""The HTTP API, asked over the wire as clients ask it."""
