"""The metrics: from which instant to which, in one table.

A definition can be changed here without a new run, since records hold instants only.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.analysis.quantiles import Sample
from harness.model import NS_PER_MS, SessionRecord, TurnInstants, TurnRecord, TurnStatus

WAITED = (TurnStatus.TIMEOUT, TurnStatus.NO_REPLY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A latency in milliseconds.

    Attributes:
        name: What summaries and objectives call it.
        title: What people call it.
        start: Names of instants; the first one that came is the start.
        end: Name of the instant at the end.
        definition: From what to what, in words.
        awaited: The caller waited for the end up to the limit, so that an end which did not
            come makes the latency at least the limit. Otherwise it is just not known.
        given: Name of an instant without which a turn has no such latency; empty for none.
        beyond: Name of the instant up to which the end had not come, where there is one: then the
            latency is at least as long as that.
        in_text: Only turns in text have it; otherwise only turns in audio.
        of_session: Measured once a session, from its record, and not once a turn.
        occasional: Left out of a summary when no turn has it.
    """

    name: str
    title: str
    start: tuple[str, ...]
    end: str
    definition: str
    awaited: bool = False
    given: str = ""
    beyond: str = ""
    in_text: bool = False
    of_session: bool = False
    occasional: bool = False


# From pings, of which a session has many, and not from two of its instants.
ROUND_TRIP = Metric(
    name="round_trip",
    title="Round trip",
    start=(),
    end="",
    definition="ping sent to pong received on the session's own socket; the transport's share of"
    " a turn",
    of_session=True,
    occasional=True,
)

METRICS = (
    Metric(
        name="voice_to_voice",
        title="Voice to voice",
        start=("speech_end_ns",),
        end="first_audible_ns",
        definition="end of the caller's speech to the first sample of the response that can be"
        " heard, when it is played as soon as it arrives",
        awaited=True,
    ),
    Metric(
        name="time_to_first_audio",
        title="Time to first audio",
        start=("speech_end_ns",),
        end="first_audio_ns",
        definition="end of the caller's speech to the first audio of the response received, silence"
        " included",
        awaited=True,
    ),
    Metric(
        name="endpoint_delay",
        title="Endpoint delay",
        start=("speech_end_ns",),
        end="server_endpoint_ns",
        definition="end of the caller's speech to the server's event that the caller has finished",
        awaited=True,
    ),
    Metric(
        name="response_delay",
        title="Response delay",
        start=("server_endpoint_ns", "commit_sent_ns"),
        end="first_audio_ns",
        definition="the server's event that the caller has finished, or our commit, to the first"
        " audio of the response received",
        awaited=True,
    ),
    Metric(
        name="leading_silence",
        title="Leading silence",
        start=("first_audio_ns",),
        end="first_audible_ns",
        definition="first audio of the response received to its first sample that can be heard",
    ),
    Metric(
        name="barge_in_stop",
        title="Barge-in stop",
        start=("barge_in_onset_ns",),
        end="audio_stopped_ns",
        definition="the caller's first interrupting sample to the last sample heard of the response"
        " that was interrupted; at least until its end where nothing stopped it",
        beyond="talked_over_ns",
        occasional=True,
    ),
    Metric(
        name="tool_gap",
        title="Tool gap",
        start=("tool_call_ns",),
        end="answer_audible_ns",
        definition="the tool call received to the first sample of the answer that can be heard;"
        " what the caller's application takes for its result is in it",
        awaited=True,
        occasional=True,
    ),
    Metric(
        name="voice_to_answer",
        title="Voice to answer",
        start=("speech_end_ns",),
        end="answer_audible_ns",
        definition="in turns with a tool call: end of the caller's speech to the first sample of"
        " the answer that can be heard, whatever was said before the call",
        awaited=True,
        given="tool_call_ns",
        occasional=True,
    ),
    Metric(
        name="time_to_first_token",
        title="Time to first token",
        start=("speech_end_ns",),
        end="first_text_ns",
        definition="in turns in text: the instant at which the prompt was due, which ends the"
        " caller's turn, to the first text of the response received",
        awaited=True,
        in_text=True,
        occasional=True,
    ),
    Metric(
        name="time_to_last_token",
        title="Time to last token",
        start=("speech_end_ns",),
        end="last_text_ns",
        definition="in turns in text: the instant at which the prompt was due to the message"
        " received that says that the response is complete; not known of one that was interrupted"
        " or never said to be complete",
        awaited=True,
        in_text=True,
        occasional=True,
    ),
    Metric(
        name="session_setup",
        title="Session setup",
        start=("open_start_ns",),
        end="ready_ns",
        definition="connection begun to session ready for audio; never part of a turn",
        of_session=True,
    ),
    Metric(
        name="setup_from_plan",
        title="Session setup from the planned start",
        start=("planned_start_ns",),
        end="ready_ns",
        definition="planned instant of a call of an open load to session ready for audio: what our"
        " own side waited before is in it",
        of_session=True,
        occasional=True,
    ),
    Metric(
        name="webhook",
        title="of that, webhook",
        start=("open_start_ns",),
        end="answered_ns",
        definition="webhook of an incoming call begun to its answer received, or the creation of a"
        " call; only where one comes before the socket",
        of_session=True,
        occasional=True,
    ),
    Metric(
        name="ephemeral_key",
        title="of that, ephemeral key",
        start=("open_start_ns",),
        end="minted_ns",
        definition="an ephemeral key asked for, connection included, to its answer received; only"
        " where each session is opened with one",
        of_session=True,
        occasional=True,
    ),
    Metric(
        name="tcp_connect",
        title="of that, TCP",
        start=("minted_ns", "answered_ns", "open_start_ns"),
        end="reached_ns",
        definition="connection begun, name resolution included, to TCP connection established",
        of_session=True,
        occasional=True,
    ),
    Metric(
        name="tls_handshake",
        title="of that, TLS",
        start=("reached_ns",),
        end="secured_ns",
        definition="TCP connection established to TLS handshake complete; absent without TLS",
        of_session=True,
        occasional=True,
    ),
    Metric(
        name="upgrade",
        title="of that, upgrade",
        start=("secured_ns", "reached_ns"),
        end="connected_ns",
        definition="connection established to the WebSocket upgrade accepted",
        of_session=True,
        occasional=True,
    ),
    Metric(
        name="session_created",
        title="of that, session",
        start=("connected_ns",),
        end="ready_ns",
        definition="upgrade accepted to the server's event that the session exists",
        of_session=True,
        occasional=True,
    ),
    Metric(
        name="greeting",
        title="Greeting",
        start=("ready_ns",),
        end="greeting_audible_ns",
        definition="session ready to the first sample of the agent's greeting that can be heard, or"
        " to its first text, where the agent speaks first",
        of_session=True,
        occasional=True,
    ),
    ROUND_TRIP,
)

BY_NAME = {metric.name: metric for metric in METRICS}

_IN_AUDIO, _IN_TEXT = BY_NAME["voice_to_voice"], BY_NAME["time_to_first_token"]


def headline_of(turns: Iterable[TurnRecord]) -> Metric:
    """Return the latency that says how long callers waited: of turns in text, to the first token.

    All turns of a run are of one kind, for they are of one API.
    """
    return _IN_TEXT if any(turn.in_text for turn in turns) else _IN_AUDIO


@dataclass(frozen=True, slots=True)
class Latency:
    """One measurement; when `censored`, the latency is at least `ms`."""

    ms: float
    censored: bool = False


def is_measured(turn: TurnRecord) -> bool:
    """Return whether the turn's latencies count: it was heard, or waited for to the limit."""
    return turn.status.was_heard or turn.status in WAITED


def turn_latency(metric: Metric, turn: TurnRecord) -> Latency | None:
    """Measure one turn; `None` when it has no such latency."""
    if metric.of_session or metric.in_text != turn.in_text or not is_measured(turn):
        return None
    if metric.given and getattr(turn.at, metric.given) is None:
        return None
    start_ns = _first_of(metric.start, turn.at)
    if start_ns is None:
        return None
    end_ns: int | None = getattr(turn.at, metric.end)
    if end_ns is not None:
        return Latency((end_ns - start_ns) / NS_PER_MS)
    if metric.beyond and (beyond_ns := getattr(turn.at, metric.beyond)) is not None:
        return Latency(max(0.0, (beyond_ns - start_ns) / NS_PER_MS), censored=True)
    if metric.awaited and turn.status in WAITED and turn.at.speech_end_ns is not None:
        before_ms = (start_ns - turn.at.speech_end_ns) / NS_PER_MS
        return Latency(max(0.0, turn.limit_ms - before_ms), censored=True)
    return None


def heard_ms(turn: TurnRecord) -> float | None:
    """Return the headline in ms of a turn whose response was heard; negative in a premature one.

    `None` where it was not measured, or only that it is longer than the caller waited.
    """
    found = turn_latency(headline_of([turn]), turn)
    return None if found is None or found.censored else found.ms


def session_latency(metric: Metric, session: SessionRecord) -> Latency | None:
    """Measure one session; `None` when it has no such latency."""
    if not metric.of_session:
        return None
    start_ns, end_ns = _first_of(metric.start, session), getattr(session, metric.end)
    if start_ns is None or end_ns is None:
        return None
    return Latency((end_ns - start_ns) / NS_PER_MS)


def round_trips(sessions: Iterable[SessionRecord]) -> Sample:
    """Collect the pings of all sessions: the transport's share of a turn, there and back."""
    values = [
        (number, trip_ns / NS_PER_MS)
        for number, session in enumerate(sessions)
        for trip_ns in session.round_trips_ns
    ]
    return Sample(
        np.array([trip_ms for _, trip_ms in values], dtype=np.float64),
        np.array([number for number, _ in values], dtype=np.int64),
        None,
        "pings",
    )


def begun_ns(metric: Metric, sessions: Iterable[SessionRecord]) -> NDArray[np.float64]:
    """Return when each value of `sample` began, in ns since run start, for a metric of sessions.

    The pings of a session have no instants of their own; they are sent at even distances.
    """
    if metric is not ROUND_TRIP:
        known = (s for s in sessions if session_latency(metric, s) is not None)
        return np.array([_first_of(metric.start, s) for s in known], dtype=np.float64)
    found = [np.empty(0)]
    for session in sessions:
        ends = np.array([session.ready_ns, session.closed_ns], dtype=np.float64)
        count = len(session.round_trips_ns)
        found.append(ends[0] + (np.arange(count) + 0.5) / max(count, 1) * (ends[1] - ends[0]))
    return np.concatenate(found)


def sample(
    metric: Metric, turns: Iterable[TurnRecord], sessions: Iterable[SessionRecord]
) -> Sample:
    """Collect a metric over turns, or over sessions where it is one of sessions."""
    if metric is ROUND_TRIP:
        return round_trips(sessions)
    if metric.of_session:
        found = [(s.session_id, session_latency(metric, s)) for s in sessions]
    else:
        found = [(t.session_id, turn_latency(metric, t)) for t in turns]
    numbers: dict[str, int] = {}
    values, clusters, floors = [], [], []
    for session_id, latency in found:
        if latency is None:
            continue
        values.append(np.inf if latency.censored else latency.ms)
        clusters.append(numbers.setdefault(session_id, len(numbers)))
        if latency.censored:
            floors.append(latency.ms)
    return Sample(
        np.array(values, dtype=np.float64),
        np.array(clusters, dtype=np.int64),
        min(floors, default=None),
        "sessions" if metric.of_session else "turns",
    )


def _first_of(names: tuple[str, ...], at: TurnInstants | SessionRecord) -> int | None:
    instants: list[int | None] = [getattr(at, name) for name in names]
    return next((instant for instant in instants if instant is not None), None)
