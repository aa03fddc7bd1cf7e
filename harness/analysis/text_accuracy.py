"""Which prompt each truth is about, and how long its first and last text truly took.

On the simulator's side of the wire a prompt begins with its arrival, and text ends with its
release. Responses in text have no names: a session's prompts are numbered on both sides alike.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from operator import attrgetter

from harness.model import NS_PER_MS, TruthRecord, TurnRecord

_RELEASED = {
    "time_to_first_token": "first_text_released_ns",
    "time_to_last_token": "last_text_released_ns",
}
IN_TEXT = tuple(_RELEASED)
"""The latencies of turns in text that have a truth."""

_spoken_ns = attrgetter("at.speech_end_ns")


def prompts_with_truth(
    turns: Iterable[TurnRecord], truth: Iterable[TruthRecord]
) -> Iterator[tuple[TurnRecord, TruthRecord]]:
    """Yield each turn in text of which the simulator knows the truth, with that truth.

    Args:
        turns: The caller's records.
        truth: The simulator's. Of a prompt that was answered several times the first response
            counts, and it is not known which of them was heard last.
    """
    known: dict[tuple[str, int], TruthRecord] = {}
    for record in truth:
        if record.prompt_received_ns is not None:
            name = record.session_id, record.turn_index
            before = known.get(name)
            known[name] = record if before is None else replace(before, last_text_released_ns=None)
    prompts: dict[str, list[TurnRecord]] = {}
    for turn in turns:
        if turn.in_text and turn.at.commit_sent_ns is not None:
            prompts.setdefault(turn.provider_ids.get("session", ""), []).append(turn)
    for session, sent in prompts.items():
        for number, turn in enumerate(sorted(sent, key=_spoken_ns)):
            if (session, number) in known:
                yield turn, known[session, number]


def true_text_ms(metric: str, record: TruthRecord) -> float | None:
    """Return how long a response in text truly took, `None` where it came to nothing.

    Args:
        metric: One of `IN_TEXT`.
        record: What the simulator knows.
    """
    released_ns: int | None = getattr(record, _RELEASED[metric])
    if record.cancelled and metric == IN_TEXT[1]:
        return None
    if released_ns is None or record.prompt_received_ns is None:
        return None
    return (released_ns - record.prompt_received_ns) / NS_PER_MS
