"""Recorded speech in: find it, check it, mark where speech ends, make it ready to send.

The only room that reads audio files, resamples and runs a voice activity detector. It does not
know sessions, APIs or the network. Other people's recordings stay in the user's cache or
folder; nothing of theirs is ever written into the project.
"""
