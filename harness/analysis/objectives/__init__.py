"""Objectives on runs: what is asked of them, what was measured, and what may be concluded.

An objective passes only when it is shown to be met, fails only when it is shown to be missed, and
is otherwise inconclusive, together with what would settle it. Nothing passes by absence.
"""
