"""Calls in flight: one native event-loop thread a process that carries all audio.

Joins what a caller does (`session`), what an API says (`dialects`) and how bytes travel
(`transport`, `network`), paces every frame, and measures its own lateness. It does not know Locust:
calls are given to an `AudioEngine`, and their outcomes are collected from it.
"""
