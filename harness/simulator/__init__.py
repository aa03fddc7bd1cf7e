"""A Realtime server whose true latencies are known.

It shares no code with the callers' side of the wire (dialects, session, transport): a fault in
one must not cancel out in the other.
"""
