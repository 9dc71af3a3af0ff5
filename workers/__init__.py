"""The background work: finishing orders, one function for deliveries and for the sweeper alike."""
