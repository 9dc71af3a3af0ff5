"""The protocol, step by step: each promise of it, and what is left when a process dies at any point."""
