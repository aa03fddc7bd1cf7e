"""Measurements of a route through the proxy: whether the impairment is what its profile says."""
