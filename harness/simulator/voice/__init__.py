"""Audio in and out: turn detection, responses, tools and their audio."""
