"""Applications behind a carrier's socket: the simulated service with another API in front of it."""
