"""Vendors' own voice agents, with harness as their client."""
