"""How fast it is: measured against a running system, never asserted in a test."""
