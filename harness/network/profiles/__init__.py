"""Network profiles: the shipped ones, a user's own, and the distance between regions."""
