"""Numbers from records, and nothing else: metrics, quantiles, validity, objectives, cost.

Pure: no clock, no files, no global randomness. What cannot be computed is `None` with a reason,
never a number.
"""
