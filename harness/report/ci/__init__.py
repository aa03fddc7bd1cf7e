"""Verdicts of gates and capacity searches for people and CI systems: views of one report."""
