"""The connection of a session: how long each stage took, and outages.

Connecting is never part of a turn. Its stages are kept apart, because a slow name server, a slow
handshake and a slow session are three different findings.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from harness.errors import Fault, Party, Phase

# Closes after which a client of this protocol tries again; the OpenAI SDK uses the same list.
# 1006 is no code on the wire: it stands for a connection that ended without a close.
_RETRYABLE = frozenset({1001, 1005, 1006, 1011, 1012, 1013, 1015})
_FIRST_BACKOFF_S = 0.5
_LONGEST_BACKOFF_S = 8.0
_ATTEMPTS = 5
# Round trips kept per session; at one every five seconds they cover an hour.
_ROUND_TRIPS = 720


def is_retryable(close_code: int | None) -> bool:
    """Return whether a session that was closed like this may be opened again."""
    return (1006 if close_code is None else close_code) in _RETRYABLE


def run_ended(phase: Phase) -> Fault:
    """Return the fault of what the end of the run cut off."""
    return Fault(Party.OURS, phase, "stopped", "the run ended")


@dataclass(slots=True)
class Link:
    """The connection of one session; all instants are monotonic nanoseconds.

    The instants are those of the first connection. What later ones cost is `outage_ns`.

    Attributes:
        seed: Where the jitter of the backoff comes from.
        open_start_ns: Opening began.
        answered_ns: The application had answered the webhook; `None` without one.
        minted_ns: The ephemeral key was there; `None` without one.
        reached_ns: The TCP connection was established.
        secured_ns: TLS was established; `None` without TLS.
        upgraded_ns: The server accepted the upgrade.
        ready_ns: The server said that the session exists.
        refusals: How often a full server refused it.
        reconnects: How often the session was opened anew.
        outage_ns: From losing a connection to the next session, summed.
        round_trips_ns: Ping to pong.
    """

    seed: int
    open_start_ns: int | None = None
    answered_ns: int | None = None
    minted_ns: int | None = None
    reached_ns: int | None = None
    secured_ns: int | None = None
    upgraded_ns: int | None = None
    ready_ns: int | None = None
    refusals: int = 0
    reconnects: int = 0
    outage_ns: int = 0
    round_trips_ns: list[int] = field(default_factory=list)
    _lost_ns: int | None = None
    _attempts: int = 0

    @property
    def up(self) -> bool:
        """Whether a session exists now."""
        return self.ready_ns is not None and self._lost_ns is None

    @property
    def opens(self) -> Phase | None:
        """What is being opened, `None` while a session exists."""
        if self.up:
            return None
        return Phase.CONNECT if self.upgraded_ns is None else Phase.SETUP

    def instants(self, scheduled_ns: int) -> dict[str, int | None]:
        """Return the instants that every turn's record repeats.

        Args:
            scheduled_ns: When the call should have started.
        """
        return {
            "scheduled_start_ns": scheduled_ns,
            "session_open_start_ns": self.open_start_ns,
            "session_ready_ns": self.ready_ns,
        }

    def recorded(self, origin_ns: int) -> dict[str, Any]:
        """Return the fields of a session's record that tell of its connection.

        Args:
            origin_ns: Run start; recorded instants count from it.
        """
        instants = {
            "open_start_ns": self.open_start_ns,
            "answered_ns": self.answered_ns,
            "minted_ns": self.minted_ns,
            "reached_ns": self.reached_ns,
            "secured_ns": self.secured_ns,
            "connected_ns": self.upgraded_ns,
            "ready_ns": self.ready_ns,
        }
        return {
            **{name: None if ns is None else ns - origin_ns for name, ns in instants.items()},
            "refusals": self.refusals,
            "reconnects": self.reconnects,
            "outage_ns": self.outage_ns,
            "round_trips_ns": tuple(self.round_trips_ns),
        }

    def opening(self, now_ns: int) -> None:
        """Note that the connection is being opened."""
        if self.open_start_ns is None:
            self.open_start_ns = now_ns

    def answered(self, now_ns: int) -> None:
        """Note that the application has answered the webhook."""
        if self.answered_ns is None:
            self.answered_ns = now_ns

    def minted(self, now_ns: int) -> None:
        """Note that the ephemeral key is there."""
        if self.minted_ns is None:
            self.minted_ns = now_ns

    def established(self, reached_ns: int, secured_ns: int | None) -> None:
        """Note when the TCP connection and TLS were established."""
        if self.reached_ns is None:
            self.reached_ns, self.secured_ns = reached_ns, secured_ns

    def upgraded(self, now_ns: int) -> None:
        """Note that the upgrade was accepted; the session is not open yet."""
        if self.upgraded_ns is None:
            self.upgraded_ns = now_ns

    def created(self, now_ns: int) -> None:
        """Note that the session exists."""
        if self.ready_ns is None:
            self.ready_ns = now_ns
        elif self._lost_ns is not None:
            self.outage_ns += now_ns - self._lost_ns
            self.reconnects += 1
        self._lost_ns = None

    def used(self) -> None:
        """Note that the session has come to a turn: a later loss is tried anew from the first."""
        self._attempts = 0

    def lost(self, now_ns: int) -> None:
        """Note that the connection is gone."""
        if self._lost_ns is None:
            self._lost_ns = now_ns

    def pong(self, round_trip_ns: int) -> None:
        """Keep one round trip."""
        if len(self.round_trips_ns) < _ROUND_TRIPS:
            self.round_trips_ns.append(round_trip_ns)

    def backoff_s(self) -> float | None:
        """Return how long to wait before the next attempt; `None` when it is not worth one.

        A session that never comes to a turn is given up: a server that closes each would be asked
        for ever. Doubles from 0.5 to 8 s; half of it is drawn, so that sessions that were closed
        together do not come back together.
        """
        if self._attempts >= _ATTEMPTS:
            return None
        whole_s = min(_LONGEST_BACKOFF_S, _FIRST_BACKOFF_S * 2**self._attempts)
        drawn = np.random.default_rng([self.seed, self.reconnects, self._attempts]).random()
        self._attempts += 1
        return float(whole_s * (0.5 + 0.5 * drawn))
