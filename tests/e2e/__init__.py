"""From outside: schemathesis, linters, a generated client, a browser, the examples.

`make e2e` runs them; slower than the rest.
"""
