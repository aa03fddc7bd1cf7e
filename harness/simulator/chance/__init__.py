"""What is drawn from the seed: latencies, faults and every other random choice."""
