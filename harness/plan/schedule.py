"""Drawing calls from seeds, before anything is sent.

Every call is drawn from its own number, so the schedule is the same on any number of workers
and in any order.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.errors import BadInput
from harness.model import CallPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """What a caller of a scenario does.

    Attributes:
        turns: Utterances per call.
        think_ms: Shortest and longest pause before an utterance.
        agent_speaks_first: The caller hears out the agent's greeting before the first utterance.
    """

    turns: int = 6
    think_ms: tuple[float, float] = (300.0, 900.0)
    agent_speaks_first: bool = False

    def __post_init__(self) -> None:
        """Refuse impossible timing."""
        if self.turns < 1:
            raise BadInput(f"needs at least one turn, got {self.turns}", where="Dialogue")
        low, high = self.think_ms
        if not 0 <= low <= high:
            raise BadInput(
                f"think_ms must be an ascending pair from 0 up, got {self.think_ms}",
                where="Dialogue",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeds:
    """One seed per source of chance, so that each can be varied alone."""

    utterances: int = 1
    think: int = 2
    phase: int = 3
    arrivals: int = 4

    @staticmethod
    def from_one(seed: int) -> "Seeds":
        """Derive all seeds from one number."""
        drawn = np.random.SeedSequence(seed).generate_state(4)
        utterances, think, phase, arrivals = (int(one) for one in drawn)
        return Seeds(utterances=utterances, think=think, phase=phase, arrivals=arrivals)

    def by_name(self) -> dict[str, int]:
        """Return the seeds as the manifest keeps them."""
        return {
            "utterances": self.utterances,
            "think": self.think,
            "phase": self.phase,
            "arrivals": self.arrivals,
        }


def draw_call(
    number: int,
    *,
    seeds: Seeds,
    dialogue: Dialogue,
    utterance_ids: Sequence[str],
    network: str,
    frame_ns: int,
) -> CallPlan:
    """Draw call `number` of the schedule.

    Utterances are drawn without repetition within a call as long as there are enough of them.

    Args:
        number: Position in the schedule.
        seeds: Sources of chance.
        dialogue: What is drawn.
        utterance_ids: What can be said, in a fixed order.
        network: Name of the call's profile.
        frame_ns: Length of a frame; the call's phase lies within it.

    Returns:
        The call. The same arguments always give the same call.
    """
    words = np.random.default_rng([seeds.utterances, number])
    pauses = np.random.default_rng([seeds.think, number])
    phase = np.random.default_rng([seeds.phase, number])
    chosen = words.choice(
        len(utterance_ids), size=dialogue.turns, replace=dialogue.turns > len(utterance_ids)
    )
    return CallPlan(
        number=number,
        network=network,
        utterance_ids=tuple(utterance_ids[int(index)] for index in chosen),
        think_ms=tuple(
            round(float(pause), 3) for pause in pauses.uniform(*dialogue.think_ms, dialogue.turns)
        ),
        phase_ns=int(phase.integers(0, frame_ns)),
        agent_speaks_first=dialogue.agent_speaks_first,
    )


def without_words(plan: CallPlan) -> CallPlan:
    """Return a call of which only its network and its place in time are drawn.

    Args:
        plan: The call; what is said in it is told while it goes on.
    """
    return CallPlan(
        number=plan.number,
        network=plan.network,
        utterance_ids=(),
        think_ms=(),
        phase_ns=plan.phase_ns,
        agent_speaks_first=plan.agent_speaks_first,
        user_class=plan.user_class,
        open_ended=True,
    )


def schedule_hash(calls: Sequence[CallPlan], starts_ns: Sequence[int] = ()) -> str:
    """Return a SHA-256 over the calls, hexadecimal; equal schedules have equal hashes.

    Args:
        calls: The calls.
        starts_ns: When each is to begin, where that is planned.
    """
    digest = hashlib.sha256()
    for call in calls:
        digest.update(repr(call).encode())
    for start_ns in starts_ns:
        digest.update(f",{start_ns}".encode())
    return digest.hexdigest()
