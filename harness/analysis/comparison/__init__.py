"""Runs against baseline runs: how much worse the candidate is, and what may be concluded.

A run is the unit: turns of one run share the hour, the machine and the deployment, and no number of
turns can tell a slower build from a slower afternoon. Likeness is checked first; effects are
differences of runs with Student intervals; verdicts are against a tolerance and never against zero.
"""
