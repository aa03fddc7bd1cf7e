"""What both clients of a capacity measurement say, and when: the same for each.

The engine and the straightforward client take turns on the same machine; their ratio means
something only as long as both do the same work.
"""

from collections.abc import Collection
from dataclasses import replace

from harness import environment
from harness.corpus import Corpus, obtain_corpus
from harness.model import DIRECT, CallPlan, NoProgress
from harness.plan import Dialogue, Seeds, draw_call

OPEN_LIMIT_S = 10.0
"""By then all sessions have to be open."""
SETTLE_S = 2.5
"""From then until the measured window begins."""

TURNS, THINK_MS = 40, (100.0, 300.0)
"""Turns of a call, and the pauses before them: longer than a measurement takes."""
SPREAD_S = 3.6
"""Sessions begin at different points of the conversation, as in the middle of a long run."""

_CLIPS = 8


def short_corpus() -> Corpus:
    """Return the generated corpus with its shortest recordings only."""
    corpus = obtain_corpus("synthetic", environment.cache_dir(), NoProgress())
    shortest = sorted(corpus.clips, key=lambda clip: clip.duration_s)[:_CLIPS]
    return replace(corpus, clips=tuple(shortest))


def draw_plan(
    number: int, sessions: int, *, seed: int, utterance_ids: Collection[str], frame_ns: int
) -> CallPlan:
    """Draw one call.

    Args:
        number: Which call, from 0.
        sessions: How many there are at once.
        seed: Source of all draws.
        utterance_ids: What may be said.
        frame_ns: Length of a frame.
    """
    plan = draw_call(
        number,
        seeds=Seeds.from_one(seed),
        dialogue=Dialogue(turns=TURNS, think_ms=THINK_MS),
        utterance_ids=tuple(utterance_ids),
        network=DIRECT,
        frame_ns=frame_ns,
    )
    first_ms = 1000 * SPREAD_S * number / sessions
    return replace(plan, think_ms=(first_ms, *plan.think_ms[1:]))


def asked_for(line: str, seconds: float) -> tuple[int, float]:
    """Return how many sessions a line asks for, and for how long: `seconds` where it is silent."""
    number, *length = line.split()
    return int(number), float(length[0]) if length else seconds


def kb_per_session(before_kb: int | None, after_kb: int | None, sessions: int) -> float | None:
    """Return how much memory each session took; `None` where the system does not say."""
    if before_kb is None or after_kb is None:
        return None
    return round((after_kb - before_kb) / sessions, 1)
