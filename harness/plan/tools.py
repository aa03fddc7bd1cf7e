"""Mocks of the tools that a caller's application offers: how long they take, and their results."""

import json
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from harness.errors import BadInput
from harness.model import ToolAnswer, ToolCall, ToolEnd
from harness.plan.schedule import Seeds
from harness.plan.toml_table import Span, parse_span

Result = Callable[[dict[str, Any]], Any]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DONE = {"ok": True}
_FAILURE = {"error": "the tool failed"}
_TIME_OUT = {"error": "the tool timed out"}
# What applications usually wait for a service behind them.
_TIME_OUT_MS = 10_000.0


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the caller's application offers, and how it answers.

    Attributes:
        name: As the model calls it. Its schema is that of `session` where it stands there.
        result: What it answers: any value that JSON can say, text as it is; the path of a file with
            the answer; or a function of the arguments, which the scenario's thread runs.
        takes: How long it takes: `{"low_ms": 200, "high_ms": 600}` evenly, or
            `{"median_ms": 300, "sigma": 0.5}` log-normally; nothing for at once.
        fails: Share of calls, from 0 to 1, that are answered with `failure`.
        failure: The answer of a call that failed.
        hangs: Share of calls that would never be answered.
        time_out_ms: After this time the application waits no longer, and answers `timed_out`.
        timed_out: The answer of a call that took too long.
    """

    name: str
    result: Any = field(default_factory=_DONE.copy)
    takes: Any = field(default=None, kw_only=True)
    fails: float = field(default=0.0, kw_only=True)
    failure: Any = field(default_factory=_FAILURE.copy, kw_only=True)
    hangs: float = field(default=0.0, kw_only=True)
    time_out_ms: float = field(default=_TIME_OUT_MS, kw_only=True)
    timed_out: Any = field(default_factory=_TIME_OUT.copy, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse what no tool can do."""
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise BadInput(
                f"{self.name!r} cannot be the name of a tool",
                where="Tool",
                hint="Letters, digits, _ and -, at most 64 of them",
            )
        where = f"Tool {self.name}"
        for name, share in (("fails", self.fails), ("hangs", self.hangs)):
            if not _is_number(share) or not 0 <= share <= 1:
                raise BadInput(f"{name} is a share from 0 to 1, got {share!r}", where=where)
        if self.fails + self.hangs > 1:
            raise BadInput("fails and hangs are more than all calls", where=where)
        if not _is_number(self.time_out_ms) or not 0 < self.time_out_ms <= 3_600_000:
            raise BadInput(f"time_out_ms is no time in ms, got {self.time_out_ms!r}", where=where)
        self.span()
        for value in (self.result, self.failure, self.timed_out):
            # A file is read where the tool is taken from the scenario.
            if not callable(value) and not hasattr(value, "__fspath__"):
                as_output(value, where)

    def span(self) -> Span:
        """Return how long it takes."""
        if self.takes is None:
            return Span(low_ms=0.0, high_ms=0.0)
        where = f"Tool {self.name}, takes"
        if not isinstance(self.takes, Mapping):
            hint = 'Such as {"low_ms": 200, "high_ms": 600}'
            raise BadInput("is no length of time", where=where, hint=hint)
        return parse_span(self.takes, where)


class MockedTools:
    """The mocks of one call; how each of their calls ends is drawn from the seed.

    Args:
        tools: The mocks, their files read.
        seeds: Sources of chance.
        number: Of the call. The same number draws the same answers, in the order of each tool's
            calls, whatever comes between.
    """

    def __init__(self, tools: Sequence[Tool], seeds: Seeds, number: int) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._chances = {
            name: np.random.default_rng([seeds.think, number, zlib.crc32(name.encode())])
            for name in self._tools
        }

    def answer(self, call: ToolCall) -> ToolAnswer | None:
        """Return the answer to a call that arrived; `None` for a tool that is not mocked."""
        tool = self._tools.get(call.name)
        if tool is None:
            return None
        rng = self._chances[call.name]
        # Two draws for every call, whatever comes of them.
        chance, takes_ms = rng.random(), tool.span().draw(rng) or 0.0
        timed_out = as_output(tool.timed_out, tool.name)
        if chance < tool.hangs or takes_ms >= tool.time_out_ms:
            end = ToolEnd.TIMED_OUT
            return ToolAnswer(takes_ms=tool.time_out_ms, output=timed_out, end=end)
        if chance < tool.hangs + tool.fails:
            failure = as_output(tool.failure, tool.name)
            return ToolAnswer(takes_ms=takes_ms, output=failure, end=ToolEnd.FAILED)
        output = None if callable(tool.result) else as_output(tool.result, tool.name)
        return ToolAnswer(
            takes_ms=takes_ms, output=output, time_out_ms=tool.time_out_ms, timed_out=timed_out
        )

    def work_out(self, call: ToolCall) -> str:
        """Return what a tool's function answers; whatever it raises is raised."""
        tool = self._tools[call.name]
        assert callable(tool.result)
        return as_output(tool.result(json.loads(call.arguments or "{}")), tool.name)

    def failure(self, call: ToolCall) -> str:
        """Return the answer to a call whose function raised."""
        return as_output(self._tools[call.name].failure, call.name)


def as_output(value: Any, where: str) -> str:
    """Return a result as it is sent: text as it is, anything else as JSON.

    Raises:
        BadInput: JSON cannot say it.
    """
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadInput(f"a result is no JSON ({error})", where=where) from None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
