"""Settings, the clients of everything outside, and the one object that holds them: resources.py."""
