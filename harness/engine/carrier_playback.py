"""Marks of a call come back to the agent when the audio before them has been played."""

import asyncio
from collections.abc import Callable

from harness.clock import now_ns
from harness.dialects import Dialect, DialectSession
from harness.model import (
    NS_PER_S,
    AudioDelta,
    CarrierAccount,
    Event,
    PlaybackCleared,
    PlaybackMark,
)
from harness.session import CarrierPlayout


class CarrierPlayback:
    """Returns the marks of one connection to the agent; runs on the engine's loop.

    Args:
        dialect: How the agent's audio is written.
        session: How marks are written.
        say: Sends messages on the connection.
    """

    def __init__(
        self, dialect: Dialect, session: DialectSession, say: Callable[[list[bytes]], None]
    ) -> None:
        audio = dialect.audio
        self._playout = CarrierPlayout(
            dialect.decoder(audio),
            audio.rate_hz,
            returns_cleared=dialect.facts.returns_cleared_marks,
        )
        self._session, self._say = session, say
        self._timer: asyncio.TimerHandle | None = None

    def receive(self, event: Event, at_ns: int) -> None:
        """Take an event that arrived at `at_ns`, in monotonic nanoseconds."""
        match event:
            case AudioDelta():
                self._playout.receive(event.audio, at_ns)
                return
            case PlaybackMark():
                self._playout.mark(event.name, at_ns)
            case PlaybackCleared():
                self._playout.clear(at_ns)
                self._say(self._session.playback_cleared())
            case _:
                return
        self._return_due()

    @property
    def account(self) -> CarrierAccount:
        """What the agent did so far."""
        return self._playout.account

    def end(self) -> None:
        """Stop returning marks."""
        if self._timer is not None:
            self._timer.cancel()

    def _return_due(self) -> None:
        for name in self._playout.take_due(now_ns()):
            self._say(self._session.mark_played(name))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if (due_ns := self._playout.due_ns) is not None:
            wait_s = max(0, due_ns - now_ns()) / NS_PER_S
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._return_due)
