"""A call that a scenario's own code leads: it says one thing, sees what came of it, and goes on.

The code runs in a greenlet of Locust; the audio runs elsewhere and sends silence meanwhile. How
long the code takes shows in the pause before the next utterance and in no latency.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from difflib import get_close_matches

import gevent
import gevent.event
import numpy as np

from harness.engine.call import Outcome
from harness.engine.engine import AudioEngine
from harness.engine.speech import Speech
from harness.errors import SCENARIO_ERROR, BadInput, Fault, Party, Phase, sanitised
from harness.load.measured_turn import MeasuredTurn
from harness.model import (
    CallPlan,
    Check,
    Clip,
    SessionRecord,
    TurnBehaviour,
    are_digits,
    digits_id,
)
from harness.plan import Dialogue, Pairing, Seeds
from harness.plan.script import ScriptTurn
from harness.session import Caller, Saying

# Longest pauses and offsets; longer ones are milliseconds taken for something else.
_MOST_MS = 3_600_000.0
# A call of more turns than this is led by a scenario that never ends it.
_MOST_TURNS = 500
_LOOK_S = 0.05


class Sayable:
    """What can be said, found by what scenarios ask for; one for all calls of a class in a process.

    Args:
        clips: The speech, in a fixed order.
        pairing: How the same words are said under every condition; `None` where they are not.
        id_in_run: Returns the id that one of them has in the speech of the whole run.

    Attributes:
        clips: The speech.
        id_in_run: As above.
    """

    def __init__(
        self,
        clips: Sequence[Clip],
        pairing: Pairing | None = None,
        id_in_run: Callable[[str], str] = str,
    ) -> None:
        self.clips, self._pairing, self.id_in_run = clips, pairing, id_in_run
        self._drawn_from = clips if pairing is None else pairing.utterances
        self._by_id = {clip.id: clip for clip in clips}
        # What nothing fits is not kept, so that the speech bounds this.
        self._fitting: dict[tuple[str, str], Sequence[Clip]] = {}

    def named(self, utterance: str, tag: str, language: str, condition: str = "") -> Clip:
        """Return a clip by its id, or an utterance under a condition by that of its original.

        Raises:
            BadInput: There is none, or it has not the tag and the language.
        """
        wanted = ScriptTurn(id=utterance, tag=tag, language=language)
        paired = {} if self._pairing is None else self._pairing.clip_ids
        clip = self._by_id.get(utterance)
        if clip is None:
            clip = self._by_id.get(paired.get((utterance, condition), ""))
            wanted = replace(wanted, id="")
        if clip is None or not wanted.fits(clip):
            raise nothing_fits(utterance, tag, language, self.clips)
        return clip

    def fitting(self, tag: str, language: str) -> Sequence[Clip]:
        """Return what has a tag and a language, in order; empty words ask for nothing.

        Raises:
            BadInput: Nothing has.
        """
        if (tag, language) not in self._fitting:
            wanted = ScriptTurn(tag=tag, language=language)
            found = [clip for clip in self._drawn_from if wanted.fits(clip)]
            if not found:
                raise nothing_fits("", tag, language, self.clips)
            self._fitting[tag, language] = found
        return self._fitting[tag, language]

    def under(self, clip: Clip, condition: str) -> Clip:
        """Return what `fitting` gave under a condition, where it is said under several."""
        if self._pairing is None:
            return clip
        return self._by_id[self._pairing.clip_ids[clip.id, condition]]


class CallEnded(Exception):
    """The call is over, though its scenario has more to say; `with` takes it as the end."""


class ReactingCall:
    """One call under way; what a scenario gets from `self.call()`.

    Args:
        plan: Its number, network and class.
        session: The caller.
        engine: What carries its audio.
        speech: Ready utterances.
        sayable: What can be said.
        dialogue: Pauses where the scenario asks for none.
        seeds: Sources of chance.
        most_turns: A call of more turns fails a check and ends; `None` for no such check.

    Attributes:
        checks: Expectations, and whether they came.
        left: The scenario is done with it.
        ended: The session's record once it is over, `None` when the audio engine died.
    """

    def __init__(
        self,
        plan: CallPlan,
        session: Caller,
        engine: AudioEngine,
        speech: Speech,
        sayable: Sayable,
        *,
        dialogue: Dialogue,
        seeds: Seeds,
        most_turns: int | None = None,
    ) -> None:
        self._spoken_under = plan.spoken_under
        self.number, self.network = plan.number, plan.network
        self.checks: list[Check] = []
        self.left = False
        self.ended: gevent.event.AsyncResult = gevent.event.AsyncResult()
        self._session, self._engine = session, engine
        self._speech, self._sayable, self._most_turns = speech, sayable, most_turns
        self._think_ms = dialogue.think_ms
        drawn_as = plan.number if plan.group is None else plan.group
        self._utterance_rng = np.random.default_rng([seeds.utterances, drawn_as])
        self._think_rng = np.random.default_rng([seeds.think, drawn_as])
        self._turns: list[MeasuredTurn] = []
        self._said: list[str] = []
        self._news = gevent.event.Event()

    def say(
        self,
        utterance: str = "",
        *,
        tag: str = "",
        language: str = "",
        think_ms: float | None = None,
        hesitation_ms: float = 0.0,
        barge_in_ms: float | None = None,
    ) -> MeasuredTurn:
        """Say something and return what came of it, once the response has been heard.

        Args:
            utterance: Id of the utterance in the corpus; empty for one that is drawn.
            tag: A tag that the drawn one must have.
            language: How its language must begin.
            think_ms: Pause before it, from when the response before was heard; drawn from the
                dialogue's where it is not given. Longer where the scenario takes longer.
            hesitation_ms: A pause inside the utterance.
            barge_in_ms: So far into the response the next utterance interrupts it. The turn is then
                returned as soon as the response is heard, and goes on. Without a next utterance
                the response is heard out.

        Raises:
            BadInput: Nothing in the corpus fits, or a time is impossible.
            CallEnded: The call is over.
        """
        _check_times("say", think_ms=think_ms, hesitation_ms=hesitation_ms, barge_in_ms=barge_in_ms)
        pause_ms = self._pause_ms(think_ms)
        self._may_go_on()
        clip = self._choose(utterance, tag, language)
        behaviour = TurnBehaviour(barge_in_ms=barge_in_ms, hesitation_ms=hesitation_ms)
        return self._utter(clip.id, pause_ms, behaviour, clip)

    def dtmf(self, digits: str, *, think_ms: float | None = None) -> MeasuredTurn:
        """Press keys of the telephone, and return what came of it as `say` does.

        Latency counts from the last key.

        Args:
            digits: Keys, such as `12#`; `w` between them is a pause of half a second.
            think_ms: Pause before the first one; drawn where it is not given.

        Raises:
            BadInput: These are no keys, or the dialect has none.
            CallEnded: The call is over.
        """
        if not are_digits(digits):
            raise BadInput(
                f"{sanitised(digits)} are no 1 to 64 keys of 0-9, *, # and A-D", where="dtmf"
            )
        if not self._speech.presses_keys:
            raise BadInput(
                "keys of a telephone cannot be pressed in this dialect",
                where="dtmf",
                hint="Carriers' dialects have them: harness dialects",
            )
        _check_times("dtmf", think_ms=think_ms)
        pause_ms = self._pause_ms(think_ms)
        self._may_go_on()
        return self._utter(digits_id(digits), pause_ms, TurnBehaviour())

    def expect(self, passed: object, what: str) -> bool:
        """Check something: a failure is counted under `what`, and the call goes on.

        Returns:
            Whether it passed.
        """
        turn = self._turns[-1].index if self._turns else None
        self.checks.append(Check(what=sanitised(what), passed=bool(passed), turn_index=turn))
        return bool(passed)

    def take(self, outcome: Outcome) -> None:
        """Take what the audio engine reports of the call."""
        heard = {one.turn_index: one for one in outcome.heard}
        for record in outcome.turns:
            if record.turn_index < len(self._turns):
                self._turns[record.turn_index].update(heard.get(record.turn_index), record)
        self._news.set()

    def end(self, session: SessionRecord | None) -> None:
        """Note that the call is over; `None` where nobody carries it any more."""
        if not self.ended.ready():
            self.ended.set(session)
        self._news.set()

    def hang_up(self) -> None:
        """Hang up once the last response has been heard, and return when the call is over."""
        self._engine.say_no_more(self._session)
        self.ended.get()

    def give_up(self, error: Exception) -> None:
        """End the call, whose scenario failed, and return when it is over."""
        words = f"the scenario raised {type(error).__name__}: {error}"
        self._engine.give_up(
            self._session, Fault(Party.OURS, Phase.SEND, SCENARIO_ERROR, sanitised(words))
        )
        self.ended.get()

    def leave(self) -> None:
        """Note that its scenario is done with it, and give its speech back."""
        if not self.left:
            self.left = True
            self._speech.release([self._sayable.id_in_run(name) for name in self._said])

    def _pause_ms(self, asked_ms: float | None) -> float:
        """Return the pause before something is said.

        One is drawn for every utterance, asked for or not, so that those of others do not shift.
        """
        drawn_ms = round(float(self._think_rng.uniform(*self._think_ms)), 3)
        return drawn_ms if asked_ms is None else asked_ms

    def _utter(
        self, name: str, think_ms: float, behaviour: TurnBehaviour, clip: Clip | None = None
    ) -> MeasuredTurn:
        """Say an utterance and return what came of it."""
        id_in_run = self._sayable.id_in_run
        (encoded,) = self._speech.take([id_in_run(name)])
        self._said.append(name)
        turn = MeasuredTurn(len(self._turns), name)
        self._turns.append(turn)
        saying = Saying(
            utterance=encoded,
            think_ms=think_ms,
            behaviour=None if behaviour == TurnBehaviour() else behaviour,
            condition=clip.condition if clip is not None else "",
            original_id=id_in_run(clip.utterance) if clip is not None and clip.condition else "",
        )
        self._engine.say(self._session, saying)
        self._await(turn, is_interrupted=behaviour.barge_in_ms is not None)
        return turn

    def _may_go_on(self) -> None:
        if self.ended.ready():
            raise CallEnded("the call is over")
        most = self._most_turns
        if most is not None and len(self._turns) >= most:
            self.expect(False, f"the goal is reached within {most} turns")
            raise CallEnded(f"the scenario allows {most} turns")
        if len(self._turns) >= _MOST_TURNS:
            raise BadInput(f"says more than {_MOST_TURNS} things in a call", where="the scenario")

    def _choose(self, utterance: str, tag: str, language: str) -> Clip:
        """Return what is said; nothing is said twice while something else fits."""
        sayable, condition = self._sayable, self._spoken_under
        if utterance:
            return sayable.named(utterance, tag, language, condition)
        fitting = [sayable.under(clip, condition) for clip in sayable.fitting(tag, language)]
        said = set(self._said)
        fresh = [clip for clip in fitting if clip.id not in said] or fitting
        return fresh[int(self._utterance_rng.integers(len(fresh)))]

    def _await(self, turn: MeasuredTurn, *, is_interrupted: bool) -> None:
        """Return when a turn has ended, or when its response, to be interrupted, is heard."""
        while not turn.ended:
            if self.ended.ready():
                raise CallEnded("the call is over")
            self._news.clear()
            self._news.wait(_LOOK_S if is_interrupted else None)
            if is_interrupted and not turn.ended:
                heard = self._engine.run(self._engine.so_far(self._session, turn.index))
                turn.update(heard)
                if heard is not None and heard.audible:
                    return


def _check_times(where: str, **times_ms: float | None) -> None:
    for name, value in times_ms.items():
        if value is not None and not 0 <= value <= _MOST_MS:
            raise BadInput(f"{value} is no time in ms from 0 up", where=f"{where}, {name}")


def nothing_fits(utterance: str, tag: str, language: str, clips: Sequence[Clip]) -> BadInput:
    """Return the complaint about something to say that the corpus does not have."""
    words = (("utterance", utterance), ("tag", tag), ("language", language))
    asked = ", ".join(f"{name} {sanitised(value)}" for name, value in words if value)
    tags = sorted({tag for clip in clips for tag in clip.tags})
    if utterance:
        hint = near_words(utterance, [clip.id for clip in clips])
    else:
        hint = f"Its tags: {', '.join(tags[:20])}" if tags else "Its recordings have no tags"
    return BadInput(f"the corpus has no {asked or 'recording'}", where="say", hint=hint)


def near_words(name: str, known: Sequence[str]) -> str:
    """Return the hint that names what is meant, where that can be guessed."""
    near = get_close_matches(name, known, 1)
    return f"Did you mean {near[0]}?" if near else f"Such as {', '.join(known[:3])}"
