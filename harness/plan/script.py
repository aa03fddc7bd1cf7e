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
    tool_takes = { low_ms = 200, high_ms = 600 }  what answering a call takes, of a tool that is
                                       not described
    expect_words = ["booked", "Tuesday"]          in the agent's transcript, or one text
    expect_within_ms = 1500            from the end of the caller's speech to the answer
    about = "…"                        a comment for readers

Every `[[tool]]` describes a tool that the application offers, as a `Tool` of a scenario does:

    name = "book_appointment"
    result = { booked = true }         what it answers: a table, a list, a number or a text
    takes = { median_ms = 300, sigma = 0.5 }      as `think`; else the `tool_takes` of the head
    fails = 0.05                       share of calls that fail; `failure` is answered then
    hangs = 0.01                       share of calls that would never be answered
    time_out_ms = 5000                 how long the application waits; then it answers `timed_out`

Recordings with the tag `backchannel` are what callers give as backchannels, and are said in a turn
only when it asks for them. Without any, a short generated sound stands in.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from harness.errors import BadInput, sanitised
from harness.model import Clip, are_digits
from harness.plan.toml_table import Span, TomlTable, parse_span
from harness.plan.tools import Tool

BACKCHANNEL = "backchannel"
_TOOL = re.compile(r"[A-Za-z0-9_-]{1,64}")
_OF_TOOL = {field.name for field in fields(Tool)}
_MOST_TURNS = 500


# People answer each other after some 200 ms in the middle, in every language that was looked at
# (Stivers et al. 2009, PNAS 106, 10587); the tail is long and cut off here.
DEFAULT_THINK = Span(low_ms=200.0, high_ms=2_000.0, sigma=0.8)
# A look-up in a quick system, unless the script says otherwise.
DEFAULT_TOOL_TAKES = Span(low_ms=200.0, high_ms=600.0)
_TOOL_TAKES = {"low_ms": DEFAULT_TOOL_TAKES.low_ms, "high_ms": DEFAULT_TOOL_TAKES.high_ms}


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
    """A dialogue as it is written down; `mocks` are the tools that it describes."""

    name: str
    turns: tuple[ScriptTurn, ...]
    agent_speaks_first: bool = False
    mocks: tuple[Tool, ...] = ()

    @property
    def presses_keys(self) -> bool:
        """Whether keys of a telephone are pressed in any turn."""
        return any(turn.digits for turn in self.turns)

    @property
    def tools(self) -> tuple[str, ...]:
        """The tools that it describes and that its turns expect, each once."""
        expected = (turn.expect_tool for turn in self.turns if turn.expect_tool)
        return tuple(dict.fromkeys((*(mock.name for mock in self.mocks), *expected)))


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
    head = TomlTable(table, where)
    name, turns = head.text("name"), head.take("turn", list)
    head.text("about")
    think = head.span("think") or DEFAULT_THINK
    takes = head.take("tool_takes", dict)
    tool_takes = DEFAULT_TOOL_TAKES
    if takes is not None:
        tool_takes = parse_span(takes, f"{where}, tool_takes")
    mocks = _mocks(head.take("tool", list) or [], takes or _TOOL_TAKES, where)
    agent_speaks_first = bool(head.take("agent_speaks_first", bool))
    head.done()
    found: list[ScriptTurn] = []
    for number, turn in enumerate(turns or [], start=1):
        if not isinstance(turn, dict):
            raise BadInput("is no table", where=f"{where}, turn {number}")
        _refuse_unheard(turn, [mock.name for mock in mocks], f"{where}, turn {number}")
        found += _repeated(TomlTable(turn, f"{where}, turn {number}"), think, tool_takes)
    if not name or not 1 <= len(found) <= _MOST_TURNS:
        raise BadInput(f"needs a name and from 1 to {_MOST_TURNS} turns", where=where)
    return Script(name=name, turns=tuple(found), agent_speaks_first=agent_speaks_first, mocks=mocks)


def _mocks(tools: list[Any], takes: Mapping[str, Any], where: str) -> tuple[Tool, ...]:
    """Return the tools that a script describes.

    Args:
        tools: Its tables.
        takes: How long a tool takes that does not say it itself.
        where: The file.

    Raises:
        BadInput: One is described that there cannot be, or described twice.
    """
    found: dict[str, Tool] = {}
    for number, table in enumerate(tools, start=1):
        place = f"{where}, tool {number}"
        if not isinstance(table, dict) or "name" not in table:
            raise BadInput("is no table with a name", where=place)
        if unknown := sorted(set(table) - _OF_TOOL):
            raise BadInput(f"not understood: {sanitised(', '.join(unknown))}", where=place)
        try:
            given: dict[str, Any] = {"takes": takes} | table
            tool = Tool(**given)
        except BadInput as error:
            raise BadInput(error.what, where=f"{where}, {error.where}", hint=error.hint) from error
        if tool.name in found:
            raise BadInput(f"{tool.name} is described twice", where=place)
        found[tool.name] = tool
    return tuple(found.values())


def _refuse_unheard(turn: Mapping[str, Any], mocks: Sequence[str], where: str) -> None:
    """Refuse a time in a turn whose tool has its own.

    Raises:
        BadInput: There is one.
    """
    if "tool_takes" in turn and turn.get("expect_tool") in mocks:
        raise BadInput(
            f"says nothing to {sanitised(turn['expect_tool'])}, which the script describes",
            where=f"{where}, tool_takes",
            hint="Say it as `takes` in its [[tool]]",
        )


def _repeated(turn: TomlTable, think: Span, tool_takes: Span) -> list[ScriptTurn]:
    """Return a turn, repeated as it asks."""
    say = TomlTable(turn.take("say", dict) or {}, turn.where)
    backchannels = TomlTable(turn.take("backchannels", dict) or {}, turn.where)
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
