"""From outside: schemathesis, a browser, the examples. `make e2e` runs them; slower than the rest."""
