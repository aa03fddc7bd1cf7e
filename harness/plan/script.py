"""Dialogue scripts: several turns, what is said in each, and how.

A script is TOML. Its head names it and may set `think` and `tool_takes` for all turns, and
`agent_speaks_first = true` for callers who listen to a greeting first; every `[[turn]]` may have

    say = { digits = "12#" }           keys of the telephone in place of an utterance, with w for a
                                       pause of half a second; where a dialect has them
    say = { id = "…" }                 this utterance; or { tag = "…" }, { language = "…" }, both;
                                       without `say` any utterance will do
    think = { low_ms = 300, high_ms = 900 }                   evenly between the two, or
    think = { median_ms = 200, sigma = 0.8, most_ms = 2000 }  log-normal, cut off at the top
    repeat = 3                         the turn as often
    barge_in = { low_ms = 400, high_ms = 1500, chance = 0.5 } the next turn begins so far into the
                                       response as it is heard, without thinking; a response that is
                                       over by then is not interrupted
    backchannels = { every_ms = 2500, most = 2, chance = 0.8 }  during the response
    hesitation = { low_ms = 400, high_ms = 1200, chance = 0.3 }  a pause inside the utterance
    expect_tool = "book_appointment"   declared to the server, and answered when it is called
    tool_takes = { low_ms = 200, high_ms = 600 }  what answering a call takes
    expect_words = ["booked", "Tuesday"]          in the agent's transcript, or one text
    expect_within_ms = 1500            from the end of the caller's speech to the answer
    about = "…"                        a comment for readers

Recordings with the tag `backchannel` are what callers give as backchannels, and are said in a turn
only when it asks for them. Without any, a short generated sound stands in.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.errors import BadInput, sanitised
from harness.model import Clip, are_digits

BACKCHANNEL = "backchannel"
_TOOL = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MOST_TURNS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A length of time that is drawn: evenly, or log-normally where `sigma` is above 0.

    Attributes:
        low_ms: Shortest; the median of a log-normal one.
        high_ms: Longest.
        sigma: Standard deviation of the logarithm.
        chance: How likely it happens at all.
    """

    low_ms: float
    high_ms: float
    sigma: float = 0.0
    chance: float = 1.0

    def draw(self, rng: np.random.Generator) -> float | None:
        """Return a length in milliseconds, `None` when it does not happen.

        Two numbers are always taken from `rng`, so that the outcome of one turn does not shift
        the draws of the next.
        """
        happens, at = rng.random(), rng.standard_normal() if self.sigma else rng.random()
        if happens >= self.chance:
            return None
        if self.sigma:
            return round(min(self.low_ms * float(np.exp(self.sigma * at)), self.high_ms), 3)
        return round(self.low_ms + (self.high_ms - self.low_ms) * float(at), 3)


# People answer each other after some 200 ms in the middle, in every language that was looked at
# (Stivers et al. 2009, PNAS 106, 10587); the tail is long and cut off here.
DEFAULT_THINK = Span(low_ms=200.0, high_ms=2_000.0, sigma=0.8)
# A look-up in a quick system, unless the script says otherwise.
DEFAULT_TOOL_TAKES = Span(low_ms=200.0, high_ms=600.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptTurn:
    """One turn of a script.

    Attributes:
        digits: Keys of the telephone that are pressed in place of an utterance; empty for none.
        id: The utterance; empty for one that is drawn.
        tag: A tag it must have; empty for any.
        language: How its language must begin; empty for any.
        think: Silence before it.
        barge_in: When the caller interrupts the response.
        hesitation: Pause inside the utterance.
        backchannel_ms: Time between backchannels during the response; `None` for none.
        backchannels_most: How many of them.
        backchannel_chance: How likely each is.
        expect_tool: The tool the agent is expected to use.
        tool_takes: What answering a tool call takes.
        expect_words: Words expected in the agent's transcript.
        expect_within_ms: In which time the answer is expected; `None` for no such limit.
    """

    digits: str = ""
    id: str = ""
    tag: str = ""
    language: str = ""
    think: Span = DEFAULT_THINK
    barge_in: Span | None = None
    hesitation: Span | None = None
    backchannel_ms: float | None = None
    backchannels_most: int = 1
    backchannel_chance: float = 1.0
    expect_tool: str = ""
    tool_takes: Span = DEFAULT_TOOL_TAKES
    expect_words: tuple[str, ...] = ()
    expect_within_ms: float | None = None

    def fits(self, clip: Clip) -> bool:
        """Return whether a clip may be said in this turn."""
        asked = self.id or self.tag == BACKCHANNEL
        return (
            self.id in ("", clip.id)
            and (bool(asked) or BACKCHANNEL not in clip.tags)
            and (not self.tag or self.tag in clip.tags)
            and clip.language.lower().startswith(self.language.lower())
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A dialogue as it is written down."""

    name: str
    turns: tuple[ScriptTurn, ...]
    agent_speaks_first: bool = False

    @property
    def presses_keys(self) -> bool:
        """Whether keys of a telephone are pressed in any turn."""
        return any(turn.digits for turn in self.turns)

    @property
    def tools(self) -> tuple[str, ...]:
        """The tools that its turns expect, each once."""
        return tuple(dict.fromkeys(turn.expect_tool for turn in self.turns if turn.expect_tool))


def parse_script(text: str, where: str) -> Script:
    """Return the script a TOML text describes.

    Args:
        text: The TOML.
        where: Its file, for complaints.

    Raises:
        BadInput: It is no TOML, or says something a script cannot.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"is no TOML: {error}", where=where) from error
    head = _Table(table, where)
    name, turns = head.text("name"), head.take("turn", list)
    head.text("about")
    think = head.span("think") or DEFAULT_THINK
    tool_takes = head.span("tool_takes") or DEFAULT_TOOL_TAKES
    agent_speaks_first = bool(head.take("agent_speaks_first", bool))
    head.done()
    found: list[ScriptTurn] = []
    for number, turn in enumerate(turns or [], start=1):
        if not isinstance(turn, dict):
            raise BadInput("is no table", where=f"{where}, turn {number}")
        found += _repeated(_Table(turn, f"{where}, turn {number}"), think, tool_takes)
    if not name or not 1 <= len(found) <= _MOST_TURNS:
        raise BadInput(f"needs a name and from 1 to {_MOST_TURNS} turns", where=where)
    return Script(name=name, turns=tuple(found), agent_speaks_first=agent_speaks_first)


def _repeated(turn: "_Table", think: Span, tool_takes: Span) -> list[ScriptTurn]:
    """Return a turn, repeated as it asks."""
    say = _Table(turn.take("say", dict) or {}, turn.where)
    backchannels = _Table(turn.take("backchannels", dict) or {}, turn.where)
    times = turn.take("repeat", int)
    turn.text("about")
    one = ScriptTurn(
        digits=say.text("digits"),
        id=say.text("id"),
        tag=say.text("tag"),
        language=say.text("language"),
        think=turn.span("think") or think,
        barge_in=turn.span("barge_in"),
        hesitation=turn.span("hesitation"),
        backchannel_ms=backchannels.number("every_ms"),
        backchannels_most=backchannels.take("most", int) or 1,
        backchannel_chance=backchannels.number("chance", most=1.0, otherwise=1.0) or 0.0,
        expect_tool=turn.text("expect_tool"),
        tool_takes=turn.span("tool_takes") or tool_takes,
        expect_words=turn.texts("expect_words"),
        expect_within_ms=turn.number("expect_within_ms"),
    )
    if one.expect_tool and not _TOOL.fullmatch(one.expect_tool):
        raise BadInput(
            f"{one.expect_tool} cannot be the name of a tool",
            where=f"{turn.where}, expect_tool",
            hint="Letters, digits, _ and -, at most 64 of them",
        )
    if one.digits and (not are_digits(one.digits) or one.id or one.tag or one.language):
        raise BadInput(
            "digits are 1 to 64 keys of 0-9, *, # and A-D, with w between them for a pause, and"
            " nothing else is said with them",
            where=f"{turn.where}, say",
        )
    if one.digits and one.hesitation is not None:
        raise BadInput("keys have no hesitation: put w between them", where=turn.where)
    for table in (say, backchannels, turn):
        table.done()
    if not 1 <= one.backchannels_most <= 100 or (times is not None and times < 1):
        raise BadInput("repeat and most are counts from 1 up", where=turn.where)
    return [one] * min(1 if times is None else times, _MOST_TURNS + 1)


class _Table:
    """A TOML table that is consumed key by key; keys left at the end are unknown."""

    def __init__(self, table: Mapping[str, Any], where: str) -> None:
        self._left, self.where = dict(table), where

    def take(self, key: str, kind: type) -> Any:
        """Return a value of a type, `None` when it is not there."""
        value = self._left.pop(key, None)
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            raise BadInput(f"{key} is not {kind.__name__}", where=self.where)
        return value

    def text(self, key: str) -> str:
        """Return a text, empty when it is not there."""
        return sanitised(self.take(key, str) or "")

    def texts(self, key: str) -> tuple[str, ...]:
        """Return one text, or a list of them; none when it is not there."""
        found = self._left.pop(key, [])
        found = [found] if isinstance(found, str) else found
        if not isinstance(found, list) or not all(isinstance(one, str) and one for one in found):
            raise BadInput(f"{key} is neither a text nor a list of texts", where=self.where)
        return tuple(sanitised(one) for one in found)

    def number(
        self, key: str, *, most: float = 3_600_000.0, otherwise: float | None = None
    ) -> float | None:
        """Return a number from 0 to `most`."""
        value = self._left.pop(key, otherwise)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
            raise BadInput(f"{key} is not a number from 0 to {most:g}", where=self.where)
        return float(value)

    def span(self, key: str) -> Span | None:
        """Return a length of time, `None` when it is not there."""
        table = self.take(key, dict)
        return None if table is None else parse_span(table, f"{self.where}, {key}")

    def done(self) -> None:
        """Refuse keys that are left."""
        if self._left:
            raise BadInput(f"not understood: {sanitised(', '.join(self._left))}", where=self.where)


def parse_span(table: Mapping[str, Any], where: str) -> Span:
    """Return the length of time that a table describes.

    Raises:
        BadInput: It describes none.
    """
    inner = _Table(table, where)
    chance = inner.number("chance", most=1.0, otherwise=1.0)
    median_ms = inner.number("median_ms")
    sigma = inner.number("sigma", most=5.0)
    low_ms, high_ms = inner.number("low_ms"), inner.number("high_ms")
    most_ms = inner.number("most_ms", otherwise=60_000.0)
    inner.done()
    even = low_ms is not None and high_ms is not None and low_ms <= high_ms
    if even == (median_ms is not None and sigma is not None):
        raise BadInput("needs low_ms up to high_ms, or median_ms and sigma", where=inner.where)
    if even:
        return Span(low_ms=low_ms or 0.0, high_ms=high_ms or 0.0, chance=chance or 0.0)
    return Span(
        low_ms=median_ms or 0.0,
        high_ms=most_ms or 0.0,
        sigma=sigma or 0.0,
        chance=chance or 0.0,
    )
