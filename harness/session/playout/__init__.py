"""Playout of one turn's response: what is heard, when, and where it becomes audible."""
