"""What a request does: calls models and services, and knows nothing of how HTTP is parsed."""
