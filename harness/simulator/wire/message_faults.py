"""Messages in the wrong order and messages twice."""

from collections.abc import Callable

from harness.simulator.chance.faults import Faults

_EVERY = 4


def with_message_faults(send: Callable[[bytes], None], faults: Faults) -> Callable[[bytes], None]:
    """Return `send`, or one that reorders or repeats messages where a fault asks for it."""
    if faults.apply("duplicated"):
        return _Twice(send)
    if faults.apply("reordered"):
        return _Swapping(send)
    return send


class _Twice:
    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send

    def __call__(self, message: bytes) -> None:
        self._send(message)
        self._send(message)


class _Swapping:
    """Holds every fourth message back until the next has been sent, but never the last."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._count = 0
        self._held: bytes | None = None

    def __call__(self, message: bytes) -> None:
        self._count += 1
        is_end = message.startswith(b'{"type":"response.done"')
        if self._count % _EVERY == 0 and self._held is None and not is_end:
            self._held = message
            return
        self._send(message)
        if self._held is not None:
            held, self._held = self._held, None
            self._send(held)
