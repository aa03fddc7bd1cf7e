"""Network profiles: those that are shipped, a user's own, and the distance between regions."""
