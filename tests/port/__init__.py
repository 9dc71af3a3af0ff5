"""What became of each thing that could be observed of the Node project: docs/port/ledger.yaml."""
