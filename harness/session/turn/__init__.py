"""One turn: from the caller's first word to the last sample of the response, and its record."""
