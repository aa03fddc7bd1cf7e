"""What the simulated Vapi knows of a call: its state, what it costs, how long its turns took."""

from datetime import UTC, timedelta
from typing import Any

from harness.clock import now_ns, wall_time
from harness.model import NS_PER_MS, NS_PER_S, TruthRecord

SETTLED_AFTER_NS = NS_PER_S // 2
"""A call that has just ended costs 0 for a while, as with the vendor."""

# Dollars a minute: the vendor's own fee, and made-up ones of its providers.
_PER_MINUTE = {"vapi": 0.05, "stt": 0.01, "llm": 0.02, "tts": 0.03, "transport": 0.0}
# Parts of the time between endpoint and first audio.
_MODEL_SHARE = 0.6


class VapiBook:
    """One call in the books.

    Args:
        name: The call's name.
        transport: How it is held.
    """

    def __init__(self, name: str, transport: dict[str, Any]) -> None:
        self._name, self._transport = name, transport
        self._created_at, self._created_ns = wall_time(), now_ns()
        self._started_ns: int | None = None
        self._ended_ns: int | None = None
        self._reason = ""
        self._turns: list[dict[str, float]] = []

    @property
    def is_open(self) -> bool:
        """Whether the call takes one of the account's places."""
        return self._ended_ns is None

    def begin(self) -> None:
        """Note that somebody is there."""
        self._started_ns = now_ns()

    def end(self, reason: str) -> None:
        """Note the end; the first reason counts."""
        if self._ended_ns is None:
            self._ended_ns, self._reason = now_ns(), reason

    def add_turn(self, truth: TruthRecord) -> None:
        """Note a response, by what is true of it."""
        if truth.first_audio_released_ns is None:
            return
        answering_ms = (truth.first_audio_released_ns - truth.endpoint_ns) / NS_PER_MS
        listening_ms = max(0.0, truth.drawn_ms - truth.lead_silence_ms - answering_ms)
        turn = {
            "endpointingLatency": listening_ms,
            "modelLatency": _MODEL_SHARE * answering_ms,
            "voiceLatency": (1 - _MODEL_SHARE) * answering_ms,
        }
        self._turns.append({**turn, "turnLatency": sum(turn.values())})

    def told(self) -> dict[str, Any]:
        """Return the call as the vendor's API shows it."""
        status = "queued" if self._started_ns is None else "in-progress"
        call: dict[str, Any] = {
            "id": self._name,
            "orgId": "org-simulated",
            "type": "vapi.websocketCall",
            "status": status if self._ended_ns is None else "ended",
            "createdAt": self._at(self._created_ns),
            "updatedAt": self._at(now_ns()),
            "cost": 0,
            "transport": self._transport,
        }
        if self._started_ns is not None:
            call["startedAt"] = self._at(self._started_ns)
        if self._ended_ns is None:
            return call
        call |= {"endedAt": self._at(self._ended_ns), "endedReason": self._reason}
        call["artifact"] = {"performanceMetrics": {"turnLatencies": self._turns}}
        if now_ns() - self._ended_ns >= SETTLED_AFTER_NS:
            costs = self._costs()
            call |= {"cost": costs["total"], "costBreakdown": costs}
        return call

    def _costs(self) -> dict[str, float]:
        if self._started_ns is None or self._ended_ns is None:
            return {"total": 0.0}
        minutes = (self._ended_ns - self._started_ns) / NS_PER_S / 60
        costs = {part: round(rate * minutes, 6) for part, rate in _PER_MINUTE.items()}
        return {**costs, "total": round(sum(costs.values()), 6)}

    def _at(self, instant_ns: int) -> str:
        at = self._created_at + timedelta(seconds=(instant_ns - self._created_ns) / NS_PER_S)
        return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
