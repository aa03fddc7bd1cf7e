"""Load testing and latency benchmarking for realtime voice APIs."""
