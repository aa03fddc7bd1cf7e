"""Other vendors' agents: the simulated service with their words in front of it."""
