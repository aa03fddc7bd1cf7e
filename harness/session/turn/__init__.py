"""One turn, from the first sample of the utterance to the last of the response, and its record."""
