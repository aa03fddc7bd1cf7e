"""The run directory: append-only, manifest first, readable after a kill at any moment.

The only room that writes or reads a run's files, and the only one that knows HdrHistogram. It
judges nothing.
"""
