"""Deadlines, the timer behind them, and the capacity that responses queue for."""
