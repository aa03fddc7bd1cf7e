"""What a caller does, as state machines: pacing, turns, listening.

Pure: time and events come in as arguments, decisions go out as values. It does not know which
API is at the other end, nor that sockets exist.
"""
