"""What can go wrong, whose fault it was, and what the process says when it ends.

Three kinds, kept apart:

* `HarnessError` and its leaves are raised: somebody has to act before a run can go on.
* `Fault` is data: a session or a turn went wrong and its record says so. It is never raised.
* Anything else that escapes is our own bug, exit code 70.
"""

import re
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import ClassVar

_TEXT_LIMIT_CHARS = 300
# Provider keys as they appear in refusals: OpenAI echoes a prefix of the key it was given.
_SECRET = re.compile(r"(?i)\b(?:sk|ek|rk|pk|key|api)[-_][\w*.-]{4,}|bearer\s+\S+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class ExitCode(IntEnum):
    """Exit codes of every command."""

    PASS = 0
    FAIL = 1
    INCONCLUSIVE = 2
    INVALID = 3
    BAD_INPUT = 4
    BUG = 70


def sanitised(text: object) -> str:
    """Make foreign text safe to store and show: one line, bounded, nothing like a key in it.

    Args:
        text: Anything from a server, a corpus or a library.

    Returns:
        At most 300 characters without control characters.
    """
    clean = _SECRET.sub("[redacted]", _CONTROL.sub(" ", str(text))).strip()
    return clean if len(clean) <= _TEXT_LIMIT_CHARS else clean[: _TEXT_LIMIT_CHARS - 1] + "…"


class HarnessError(Exception):
    """Something a person has to put right; printed as one line, without a traceback.

    Args:
        what: What is wrong, in words.
        where: The file, flag, address or name it is about.
        hint: What to do about it.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.BUG

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        self.what, self.where, self.hint = what, where, hint
        line = f"{where}: {what}" if where else what
        super().__init__(sanitised(f"{line}. {hint}" if hint else line))


class BadInput(HarnessError):
    """A scenario, corpus, credential, target or tool that cannot be used as it is."""

    exit_code = ExitCode.BAD_INPUT


class RunInvalid(HarnessError):
    """The run cannot be judged: the generator was unfit or the impairment was not real."""

    exit_code = ExitCode.INVALID


class Party(StrEnum):
    """Whose fault it was."""

    OURS = "ours"
    THEIRS = "theirs"
    NETWORK = "network"
    UNKNOWN = "unknown"


class Phase(StrEnum):
    """What the session was doing when it went wrong."""

    CONNECT = "connect"
    SETUP = "setup"
    SEND = "send"
    ENDPOINT = "endpoint"
    RESPONSE = "response"
    PLAYOUT = "playout"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why something was not measured.

    Attributes:
        party: Whose fault it was.
        phase: What was going on.
        code: A short stable name to count by, such as `rate_limit_exceeded` or `close_1011`.
        detail: The server's or library's words, already passed through `sanitised`.
    """

    party: Party
    phase: Phase
    code: str
    detail: str = ""

    def __post_init__(self) -> None:
        """Bound foreign text whoever built the fault."""
        object.__setattr__(self, "code", sanitised(self.code)[:80])
        object.__setattr__(self, "detail", sanitised(self.detail))

    def __str__(self) -> str:
        """Return `party/phase code: detail`."""
        head = f"{self.party}/{self.phase} {self.code}"
        return f"{head}: {self.detail}" if self.detail else head
