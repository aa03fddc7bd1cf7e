"""Measured minus true: the error of the measurement, on a server whose truth is known.

True voice-to-voice latency, on the simulator's side of the wire, runs from the arrival of the
labelled end of speech to the first audible sample as a listener at the simulator would hear it.
What is measured beyond it is the transport in both directions, and our own error. Only where the
network adds nothing is the difference an error of the measurement.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.analysis.metrics import BY_NAME, turn_latency
from harness.analysis.text_accuracy import IN_TEXT, prompts_with_truth, true_text_ms
from harness.model import (
    NS_PER_MS,
    RunManifest,
    StageRecord,
    TruthRecord,
    TurnRecord,
    TurnStatus,
    ns_from_samples,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """Measured minus true of one latency on one network, in milliseconds.

    Attributes:
        network: Name of the profile.
        metric: Name of the latency: voice to voice, or one of turns in text.
        n: Turns found in both records.
        p50_ms: Median of the differences, turn by turn.
        p95_ms: 95th percentile of the differences.
        p99_ms: 99th percentile of the differences.
        min_ms: Smallest difference.
        max_ms: Largest difference.
        of_percentiles_ms: Measured percentile minus true percentile, for 50, 95 and 99.
    """

    network: str
    metric: str
    n: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    min_ms: float
    max_ms: float
    of_percentiles_ms: Mapping[int, float]


def accuracy(
    turns: Iterable[TurnRecord], truth: Iterable[TruthRecord], manifest: RunManifest
) -> tuple[Accuracy, ...]:
    """Compare turns that were heard with the simulator's truth, network by network.

    Args:
        turns: The caller's records.
        truth: The simulator's, joined by the provider's session and response ids; where responses
            have no names, by the sample that ended the caller's speech.
        manifest: What was asked for, the format of the audio sent among it.

    Returns:
        One entry for each network and latency with a turn in both, by name.
    """
    pairs: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for turn, metric, measured_ms, true_ms in measured_and_true_ms(turns, truth, manifest):
        pairs.setdefault((turn.network, metric), []).append((measured_ms, true_ms))
    return tuple(_compare(*of, pairs[of]) for of in sorted(pairs))


def measured_and_true_ms(
    turns: Iterable[TurnRecord], truth: Iterable[TruthRecord], manifest: RunManifest
) -> Iterator[tuple[TurnRecord, str, float, float]]:
    """Yield the turns that are in the truth log, each latency measured and true.

    Args:
        turns: As for `accuracy`.
        truth: Likewise.
        manifest: Likewise.

    Yields:
        The turn, the name of the metric, the latency measured and the true one, in milliseconds.
    """
    turns, truth = tuple(turns), tuple(truth)
    for turn, metric, true_ms in _truths(turns, truth, manifest):
        measured = turn_latency(BY_NAME[metric], turn)
        if true_ms is not None and measured is not None and not measured.censored:
            yield turn, metric, measured.ms, true_ms


def _truths(
    turns: tuple[TurnRecord, ...], truth: tuple[TruthRecord, ...], manifest: RunManifest
) -> Iterator[tuple[TurnRecord, str, float | None]]:
    known = _Truth(truth)
    for turn in turns:
        if (record := known.of(turn)) is not None:
            input_rate_hz = manifest.target_of(turn.user_class).audio.rate_hz
            yield turn, "voice_to_voice", true_voice_to_voice_ms(turn, record, input_rate_hz)
    for turn, record in prompts_with_truth(turns, truth):
        for metric in IN_TEXT:
            yield turn, metric, true_text_ms(metric, record)


class _Truth:
    """Finds what the simulator knows about a turn."""

    def __init__(self, truth: Iterable[TruthRecord]) -> None:
        self._by_name: dict[tuple[str, str], TruthRecord] = {}
        self._of_session: dict[str, list[TruthRecord]] = {}
        for record in truth:
            self._by_name[record.session_id, record.response_id] = record
            self._of_session.setdefault(record.session_id, []).append(record)

    def of(self, turn: TurnRecord) -> TruthRecord | None:
        session = turn.provider_ids.get("session", "")
        name, sample = turn.provider_ids.get("response", ""), turn.speech_end_sample
        named = self._by_name.get((session, name)) if name else None
        if named is not None or sample is None:
            return named
        # Names that we gave ourselves are not in the log; where it has names, only they count.
        records = [r for r in self._of_session.get(session, ()) if not (name and r.response_id)]
        found = [record for record in records if _carrier(record, sample) is not None]
        # Later responses may keep the same frames: the first one after the sample answers it.
        return min(found, key=lambda record: record.endpoint_ns, default=None)


def true_voice_to_voice_ms(
    turn: TurnRecord, record: TruthRecord, input_rate_hz: int
) -> float | None:
    """Return the true latency of a turn, `None` when the truth log does not hold it.

    The labelled sample arrived with its frame; within the frame it was spoken earlier by what
    lies between it and the frame's end.
    """
    return since_speech_ms(record.first_audible_heard_ns, turn, record, input_rate_hz)


def true_endpoint_delay_ms(
    turn: TurnRecord, record: TruthRecord, input_rate_hz: int
) -> float | None:
    """Return how long after the end of speech the simulator decided so; `None` as above."""
    return since_speech_ms(record.endpoint_ns, turn, record, input_rate_hz)


def since_speech_ms(
    until_ns: int | None, turn: TurnRecord, record: TruthRecord | StageRecord, input_rate_hz: int
) -> float | None:
    """Return the time from the arrival of a turn's labelled end of speech to an instant.

    Args:
        until_ns: The instant on the server's side.
        turn: The turn.
        record: What the server kept of the frames that it received.
        input_rate_hz: Sample rate of the audio sent.

    Returns:
        Milliseconds; `None` where one of the two is not known, or the turn is void.
    """
    sample = turn.speech_end_sample
    if sample is None or until_ns is None or turn.status is TurnStatus.VOID:
        return None
    carrier = _carrier(record, sample)
    if carrier is None:
        return None
    spoken_before_ns = ns_from_samples(record.frame_end_samples[carrier] - sample, input_rate_hz)
    return (until_ns - (record.frame_received_ns[carrier] - spoken_before_ns)) / NS_PER_MS


def truth_uncertainty_ms(turn: TurnRecord, record: TruthRecord) -> float:
    """Return by how much the truth about a turn may itself be wrong.

    A server that reads late reads several frames together, and the kernel keeps the stamp of the
    last of them only: the others arrived after the frame before. What it sends left while it was
    being sent.
    """
    sample, received_ns = turn.speech_end_sample, record.frame_received_ns
    carrier = None if sample is None else _carrier(record, sample)
    uncertain_ns = record.release_took_ns
    if carrier is not None and received_ns[carrier] in received_ns[carrier + 1 :]:
        earlier_ns = [at_ns for at_ns in received_ns[:carrier] if at_ns < received_ns[carrier]]
        uncertain_ns += received_ns[carrier] - max(earlier_ns, default=0)
    return uncertain_ns / NS_PER_MS


def _carrier(record: TruthRecord | StageRecord, sample: int) -> int | None:
    """Return which logged frame carried a sample; `None` for none: the last ones are kept only."""
    ends = record.frame_end_samples
    carrier = next((index for index, end in enumerate(ends) if end > sample), None)
    if carrier is None or carrier > 0:
        return carrier
    return carrier if len(ends) > 1 and ends[0] - sample <= ends[1] - ends[0] else None


def _compare(network: str, metric: str, pairs: Sequence[tuple[float, float]]) -> Accuracy:
    measured, true = np.array(pairs, dtype=np.float64).T
    off = measured - true
    return Accuracy(
        network=network,
        metric=metric,
        n=len(off),
        p50_ms=_percentile(off, 50),
        p95_ms=_percentile(off, 95),
        p99_ms=_percentile(off, 99),
        min_ms=float(off.min()),
        max_ms=float(off.max()),
        of_percentiles_ms={
            percent: _percentile(measured, percent) - _percentile(true, percent)
            for percent in (50, 95, 99)
        },
    )


def _percentile(values: NDArray[np.float64], percent: int) -> float:
    """Return the nearest rank, as everywhere."""
    return float(np.sort(values)[-(-len(values) * percent // 100) - 1])
