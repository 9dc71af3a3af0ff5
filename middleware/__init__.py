"""What runs around every request: who is asking, what came in, how often, and what is written down."""
