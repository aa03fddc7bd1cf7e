"""Drawing calls of a dialogue script from seeds, before anything is sent.

Everything about a call that is drawn at random is in its plan: what is said and after which pause,
where the caller interrupts, gives a backchannel or hesitates, and how long its tools take.
"""

from collections.abc import Sequence

import numpy as np

from harness.errors import BadInput
from harness.model import CallPlan, Clip, TurnBehaviour, digits_id
from harness.plan.schedule import Seeds
from harness.plan.script import BACKCHANNEL, Script, ScriptTurn


def draw_dialogue(
    number: int,
    *,
    seeds: Seeds,
    script: Script,
    clips: Sequence[Clip],
    network: str,
    frame_ns: int,
    agent_speaks_first: bool = False,
) -> CallPlan:
    """Draw call `number` of a script.

    An utterance is not said twice in a call as long as another one fits.

    Args:
        number: Position in the schedule.
        seeds: Sources of chance.
        script: What is drawn.
        clips: What can be said, in a fixed order.
        network: Name of the call's profile.
        frame_ns: Length of a frame; the call's phase lies within it.
        agent_speaks_first: The caller hears out the agent's greeting first.

    Returns:
        The call. The same arguments always give the same call.

    Raises:
        BadInput: No clip fits a turn.
    """
    words = np.random.default_rng([seeds.utterances, number])
    pauses = np.random.default_rng([seeds.think, number])
    chances = np.random.default_rng([seeds.think, number, 1])
    phase = np.random.default_rng([seeds.phase, number])
    said: list[str] = []
    for place, turn in enumerate(script.turns, start=1):
        if turn.digits:
            said.append(digits_id(turn.digits))
            continue
        fitting = [clip.id for clip in clips if turn.fits(clip)]
        if not fitting:
            raise BadInput(
                "no clip of the corpus fits",
                where=f"dialogue {script.name}, turn {place}",
                hint="Change its `say`, or take a corpus with such a clip",
            )
        fresh = [name for name in fitting if name not in said] or fitting
        said.append(fresh[int(words.integers(len(fresh)))])
    return CallPlan(
        number=number,
        network=network,
        utterance_ids=tuple(said),
        think_ms=tuple(turn.think.draw(pauses) or 0.0 for turn in script.turns),
        phase_ns=int(phase.integers(0, frame_ns)),
        dialogue=script.name,
        behaviours=tuple(
            _behaviour(turn, chances, is_last=place == len(script.turns))
            for place, turn in enumerate(script.turns, start=1)
        ),
        backchannel_id=_backchannel(clips, number, seeds),
        agent_speaks_first=agent_speaks_first or script.agent_speaks_first,
    )


def _backchannel(clips: Sequence[Clip], number: int, seeds: Seeds) -> str:
    """Return what a caller gives as backchannel, empty where the corpus has no such recording."""
    backchannels = [clip.id for clip in clips if BACKCHANNEL in clip.tags]
    rng = np.random.default_rng([seeds.utterances, number, 1])
    return backchannels[int(rng.integers(len(backchannels)))] if backchannels else ""


def _behaviour(turn: ScriptTurn, rng: np.random.Generator, *, is_last: bool) -> TurnBehaviour:
    """Draw the behaviour of a turn; a caller without a further utterance does not interrupt."""
    barge_in_ms = None if turn.barge_in is None else turn.barge_in.draw(rng)
    barge_in_ms = None if is_last else barge_in_ms
    hesitation_ms = None if turn.hesitation is None else turn.hesitation.draw(rng)
    backchannels: list[float] = []
    if turn.backchannel_ms is not None:
        chances = rng.random(turn.backchannels_most)
        backchannels = [
            round(turn.backchannel_ms * (place + 1), 3)
            for place, chance in enumerate(chances)
            if chance < turn.backchannel_chance
        ]
    return TurnBehaviour(
        barge_in_ms=barge_in_ms,
        # A caller who has interrupted gives no backchannel.
        backchannels_ms=tuple(at for at in backchannels if barge_in_ms is None or at < barge_in_ms),
        hesitation_ms=hesitation_ms or 0.0,
        hesitation_at=round(float(rng.uniform(0.3, 0.7)), 3),
        expected_tool=turn.expect_tool,
        tool_ms=turn.tool_takes.draw(rng) or 0.0,
        expected_words=turn.expect_words,
        within_ms=turn.expect_within_ms,
    )
