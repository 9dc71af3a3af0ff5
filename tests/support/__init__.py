"""What the tests share: a system of their own to talk to, clients, and waiting for conditions."""
