"""One call turn by turn, as distances from the end of each utterance: what a timeline draws."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.analysis.failures import has_failed
from harness.analysis.metrics import headline_of, turn_latency
from harness.model import NS_PER_MS, TurnRecord, Underruns

_BUFFER_MS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnTimeline:
    """One turn, in ms from the labelled end of the caller's speech; `None` for what did not come.

    Attributes:
        turn_index: 0 for the first turn of the call.
        outcome: How it ended, and whose fault it was where it went wrong.
        failed: It went wrong, no matter through whom.
        latency_ms: The headline of the run; at least this where `censored`.
        censored: The caller waited to the limit.
        speech_from_ms: Onset of the speech, negative.
        endpoint_ms: The server's event that the caller has finished.
        audio_ms: First audio of the response.
        audible_ms: Its first sample that can be heard, or its first text.
        until_ms: The last sample of it that was heard, or the end of its text.
        barge_in_ms: The caller's first sample that interrupted it.
        gaps: Underruns with a jitter buffer of 60 ms.
        gaps_ms: How long they were together.
    """

    turn_index: int
    outcome: str
    failed: bool
    latency_ms: float | None
    censored: bool
    speech_from_ms: float | None
    endpoint_ms: float | None
    audio_ms: float | None
    audible_ms: float | None
    until_ms: float | None
    barge_in_ms: float | None
    gaps: int
    gaps_ms: float


def timeline(turns: Sequence[TurnRecord]) -> list[TurnTimeline]:
    """Return a call's turns in the order given; an interruption stands where it interrupts."""
    following = [*turns[1:], None] if turns else []
    return [_timeline(turn, after) for turn, after in zip(turns, following, strict=True)]


def _timeline(turn: TurnRecord, after: TurnRecord | None) -> TurnTimeline:
    at, zero_ns = turn.at, turn.at.speech_end_ns

    def since(instant_ns: int | None) -> float | None:
        known = instant_ns is not None and zero_ns is not None
        return (instant_ns - zero_ns) / NS_PER_MS if known else None  # type: ignore[operator]

    barge_in_ns = None if after is None else after.at.barge_in_onset_ns
    stopped_ns = None if after is None else after.at.audio_stopped_ns
    ends = (stopped_ns, at.playout_end_ns, at.last_audio_ns, at.last_text_ns)
    latency = turn_latency(headline_of([turn]), turn)
    gaps = _gaps(turn.counts.underruns)
    fault = turn.fault
    return TurnTimeline(
        turn_index=turn.turn_index,
        outcome=str(turn.status) if fault is None else f"{turn.status}, {fault.party}",
        failed=has_failed(turn),
        latency_ms=None if latency is None else latency.ms,
        censored=latency is not None and latency.censored,
        speech_from_ms=since(at.speech_onset_ns),
        endpoint_ms=since(at.server_endpoint_ns),
        audio_ms=since(at.first_audio_ns),
        audible_ms=since(turn.answered_ns),
        until_ms=since(next((one for one in ends if one is not None), None)),
        barge_in_ms=since(barge_in_ns),
        gaps=0 if gaps is None else gaps.count,
        gaps_ms=0.0 if gaps is None else gaps.total_ms,
    )


def _gaps(found: Sequence[Underruns]) -> Underruns | None:
    return next((one for one in found if one.buffer_ms == _BUFFER_MS), None)
