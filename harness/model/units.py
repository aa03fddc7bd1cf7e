"""Nanoseconds in the units that people read: the one set of constants."""

NS_PER_US = 1_000
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
