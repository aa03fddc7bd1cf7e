"""The same words under every condition, to separate the effect of a condition from the words.

Where a corpus has every utterance under every condition, calls come in groups of one call a
condition: they say the same words in the same order with the same pauses through the same network.
Which condition comes first moves on from group to group, so that none is always the first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from harness.model import CallPlan, Clip


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """Utterances, each under every condition.

    Attributes:
        conditions: Their names, in the order of the corpus; at least two.
        utterances: One clip of each utterance, by the utterance's id: what calls are drawn from.
        clip_ids: The clip that an utterance is under a condition.
    """

    conditions: tuple[str, ...]
    utterances: tuple[Clip, ...]
    clip_ids: Mapping[tuple[str, str], str]

    def group(self, number: int) -> int:
        """Return which group call `number` belongs to: the call that is to be drawn for it."""
        return number // len(self.conditions)

    def _place(self, number: int) -> tuple[int, str]:
        """Return which condition is call `number`'s, by its place and name."""
        place = (number + self.group(number)) % len(self.conditions)
        return place, self.conditions[place]

    def untold(self, drawn: CallPlan, number: int, frame_ns: int) -> CallPlan:
        """Return call `number` as `under` does, where its words are told while it goes on."""
        place, condition = self._place(number)
        return replace(
            drawn,
            number=number,
            group=self.group(number),
            spoken_under=condition,
            phase_ns=(drawn.phase_ns + place * frame_ns // len(self.conditions)) % frame_ns,
        )

    def under(self, drawn: CallPlan, number: int, frame_ns: int) -> CallPlan:
        """Return call `number`, of a group that was drawn as `drawn`, under its condition.

        Args:
            drawn: The call drawn for its group.
            number: Position in the schedule.
            frame_ns: Length of a frame; the calls of a group do not send in step.
        """
        count = len(self.conditions)
        place, condition = self._place(number)
        return replace(
            drawn,
            number=number,
            utterance_ids=tuple(
                self.clip_ids.get((name, condition), name) for name in drawn.utterance_ids
            ),
            backchannel_id=self.clip_ids.get((drawn.backchannel_id, condition), ""),
            phase_ns=(drawn.phase_ns + place * frame_ns // count) % frame_ns,
        )


def with_conditions(plan: CallPlan, clips: Sequence[Clip]) -> CallPlan:
    """Return a call with the condition that each of its utterances is said under.

    Args:
        plan: The call.
        clips: What can be said.
    """
    degraded = {clip.id: clip for clip in clips if clip.condition}
    said = [degraded.get(name) for name in plan.utterance_ids]
    if not any(said):
        return plan
    return replace(
        plan,
        conditions=tuple(clip.condition if clip else "" for clip in said),
        original_ids=tuple(clip.utterance if clip else "" for clip in said),
    )


def pair(clips: Sequence[Clip]) -> Pairing | None:
    """Return the pairing of a corpus, `None` where not every utterance is under every condition.

    An original, which has no condition, counts as under a condition without a name.
    """
    conditions = tuple(dict.fromkeys(clip.condition for clip in clips))
    utterances = {_utterance(clip): replace(clip, id=_utterance(clip)) for clip in reversed(clips)}
    clip_ids = {(_utterance(clip), clip.condition): clip.id for clip in clips}
    whole = len(clip_ids) == len(clips) == len(conditions) * len(utterances)
    if len(conditions) < 2 or not whole:
        return None
    return Pairing(
        conditions=conditions,
        utterances=tuple(reversed(utterances.values())),
        clip_ids=clip_ids,
    )


def _utterance(clip: Clip) -> str:
    return clip.utterance or clip.id
