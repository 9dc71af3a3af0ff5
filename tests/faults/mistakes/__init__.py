"""Mistakes to plant in a process of the application before it starts: each takes one guard away.

`python -m tests.faults.launch` does it, when MISTAKE names one. No code of the application is touched.
"""
