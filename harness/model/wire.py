"""What a message of a socket is, where text and binary ones both occur."""


class BinaryMessage(bytes):
    """A binary message; every other `bytes` that is sent or received is UTF-8 text."""

    __slots__ = ()
