"""What the server hears and says: turn detection, responses, tools and their audio."""
