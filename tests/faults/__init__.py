"""Faults: processes killed at every step, servers cut off and hung, and an independent checker of the books.

`make faults` runs it; docs/RELIABILITY.md says what it proves.
"""
