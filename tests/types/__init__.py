"""What the type checker must find: mistakes.py is full of them."""
