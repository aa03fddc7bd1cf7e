"""Sockets: connect, stamp what arrives, write what is ready.

The only room that knows the WebSocket protocol on the caller's side. It does not know what
messages mean.
"""
