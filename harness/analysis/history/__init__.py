"""Many runs of one target over weeks: entries, how far runs differ, and where the level changed.

A gate looks at one change at a time and lets small ones through; change points over the history
find the drift that they add up to.
"""
