"""The server's side of the wire: upgrade, WebSocket frames, plain HTTP, faults of messages."""
