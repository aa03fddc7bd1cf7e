"""Everything that chance decides, from one seed, apart for every session and every purpose."""

from dataclasses import dataclass

import numpy as np

from harness.simulator.chance.faults import FaultRule, Faults, draw_faults
from harness.simulator.chance.presets import Preset
from harness.simulator.voice.sound_formats import SoundFormat
from harness.simulator.voice.spoken_answers import SpokenAnswer, SpokenAnswers
from harness.simulator.voice.tools import ToolDraw, ToolRule

_RATE_LIMITS_MS = (7.0, 43.0)  # captured distance from `response.done`
# Our own model of semantic VAD: a quick decision when it is sure, the longest wait when not.
_SURE = 0.9
_SURE_MS = {"low": 800.0, "medium": 400.0, "auto": 400.0, "high": 200.0}
_LONGEST_MS = {"low": 8000.0, "medium": 4000.0, "auto": 4000.0, "high": 2000.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What chance decided about one turn before it began.

    Attributes:
        index: Number of the turn in its session, from 0.
        latency_ms: Voice to voice, for a turn without a function call.
        tool_ms: Added to that in a turn with one.
        lead_ms: Silence at the head of the response.
        answer: Number of the spoken answer.
        tools: Whether and which function is called.
        faults: What goes wrong.
    """

    index: int
    latency_ms: float
    tool_ms: float
    lead_ms: float
    answer: int
    tools: ToolDraw
    faults: Faults


class Draws:
    """The sources of chance of one session.

    Latency, leading silence, choice of answer, small delays, faults and tools come from generators
    of their own, so that a change of one leaves the others as they were.

    Args:
        seed: The simulator's seed.
        session_number: Number of the session, from 0.
        preset: Latencies.
        answers: What may be said.
        faults: What may go wrong.
        tools: When functions are called.
    """

    def __init__(
        self,
        *,
        seed: int,
        session_number: int,
        preset: Preset,
        answers: SpokenAnswers,
        faults: tuple[FaultRule, ...] = (),
        tools: ToolRule,
    ) -> None:
        sources = np.random.SeedSequence([seed, session_number]).spawn(6)
        self._latency, self._lead, self._choice, self._small, self._fault, self._tool = (
            np.random.default_rng(source) for source in sources
        )
        self._preset, self._spoken = preset, answers
        self._rules, self._tool_rule = faults, tools
        self._turns = 0

    def turn(self) -> Turn:
        """Draw the next turn."""
        index = self._turns
        self._turns += 1
        faults = draw_faults(self._rules, self._fault, index)
        if self._preset.no_reply_probability:
            silent = self._fault.random() < self._preset.no_reply_probability
            if silent and "no_reply" not in faults:
                faults = faults.with_one("no_reply")
        return Turn(
            index=index,
            latency_ms=self._preset.draw_turn_ms(self._latency, index),
            tool_ms=self._preset.tool_ms,
            lead_ms=self._preset.draw_lead_ms(self._lead),
            answer=int(self._choice.integers(len(self._spoken))),
            tools=ToolDraw(self._tool_rule, self._tool, index),
            faults=faults,
        )

    def aside(self) -> Turn:
        """Draw a response out of band: as quick as any, and nothing goes wrong."""
        return Turn(
            index=self._turns,
            latency_ms=self._preset.draw_latency_ms(self._small),
            tool_ms=0.0,
            lead_ms=0.0,
            answer=int(self._small.integers(len(self._spoken))),
            tools=ToolDraw(ToolRule(), self._small, self._turns),
            faults=Faults({}),
        )

    def answer(self, turn: Turn, sound: SoundFormat) -> SpokenAnswer:
        """Return the response of a turn in a format."""
        return self._spoken.get(turn.answer % len(self._spoken), sound)

    def rate_limits_ms(self) -> float:
        """Draw the time from the end of a response to its rate limits."""
        return float(self._small.uniform(*_RATE_LIMITS_MS))

    def transcription_ms(self) -> float:
        """Draw the time from a commit to the transcript; any length, not tied to the response."""
        return float(self._small.uniform(150.0, 1500.0))

    def patience_ms(self, eagerness: str) -> float:
        """Draw how long semantic VAD waits for the caller to go on."""
        sure = self._small.random() < _SURE
        return (_SURE_MS if sure else _LONGEST_MS)[eagerness]
