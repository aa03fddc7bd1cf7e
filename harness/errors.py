"""What can go wrong, whose fault it was, and what the process says when it ends.

Three kinds, kept apart:

* `HarnessError` and its leaves are raised: somebody has to act before a run can go on.
* `Fault` is data: a session or a turn went wrong and its record says so. It is never raised.
* Anything else that escapes is our own bug, exit code 70.
"""

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import BinaryIO, TextIO
from urllib.parse import quote, quote_plus

_TEXT_LIMIT_CHARS = 300
_REDACTED = "[redacted]"
# Shorter values, such as `test` or `EMPTY`, are placeholders that local servers are given, and
# words of every other sentence.
SECRET_LEAST_CHARS = 8
# Keys as servers echo them: OpenAI's refusal shows both ends of the key and stars between. Long
# enough, and with a digit, so that names such as `sk-0001` and `api_version_mismatch` stay.
_LIKE_A_KEY = re.compile(
    r"(?i)\b(?:sk|ek|rk|pk|key|api)[-_](?:[\w.-]*\*{2,}[\w*.-]*|(?=[\w.-]*\d)[\w.-]{16,})"
    r"|bearer\s+(?=\S*[\d._-])\S{8,}"
)
# What stands in a file that no server wrote is looked at more closely: no digit is needed.
_KEY_IN_FILE = re.compile(
    r"\b(?:sk|ek|rk)-[\w-]{8,}|\beyJ[\w-]{8,}\.[\w-]{8,}|(?i:^\s*(?:bearer|basic)\s+\S{8,}\s*$)"
)
_PERCENT = re.compile(r"%[0-9A-F]{2}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


SCENARIO_ERROR = "scenario_error"
"""Code of the fault of a call that its scenario's own code broke off."""
NO_FREE_CALLER = "no_free_caller"
"""Code of the fault of a planned call at whose instant all callers were in calls."""


class ExitCode(IntEnum):
    """Exit codes of every command."""

    PASS = 0
    FAIL = 1
    INCONCLUSIVE = 2
    INVALID = 3
    BAD_INPUT = 4
    BUG = 70


# Every spelling of the secrets of this process, the longest first.
_secrets: list[str] = []
# Words of the tokens that sessions were given, the oldest first; by then those have expired.
_tokens: dict[str, None] = {}
_MOST_TOKENS = 20_000
_WORD_OF_TOKEN = re.compile(rf"[\w-]{{{SECRET_LEAST_CHARS},}}")


def conceal(value: str) -> None:
    """Keep a secret out of everything that `redacted` and `sanitised` return from now on.

    Args:
        value: A key, a token or a password. Its other spellings are concealed too, and each of
            its words where white space has got into it.
    """
    words = {value, value.strip(), *value.split()}
    spellings = {
        spelling for word in words if len(word) >= SECRET_LEAST_CHARS for spelling in _spell(word)
    }
    _secrets[:] = sorted(spellings.union(_secrets), key=len, reverse=True)


def conceal_token(token: str) -> None:
    """Keep a token that lives minutes out of the same texts, at a cost that many do not raise.

    Its other spellings are not looked for: it is one that needs none. The oldest of 20,000 words
    are forgotten.
    """
    _tokens.update(dict.fromkeys(_WORD_OF_TOKEN.findall(token)))
    while len(_tokens) > _MOST_TOKENS:
        del _tokens[next(iter(_tokens))]


def _spell(word: str) -> Iterator[str]:
    """Yield how a secret is spelled in text, Python, JSON, HTML, addresses and Base64."""
    data = word.encode(errors="surrogatepass")
    yield from (word, repr(word)[1:-1], ascii(word)[1:-1], repr(data)[2:-1])
    yield from (json.dumps(word)[1:-1], json.dumps(word, ensure_ascii=False)[1:-1])
    yield html.escape(word)
    for quoted in (quote(data), quote(data, safe=""), quote_plus(data)):
        yield quoted
        yield _PERCENT.sub(lambda found: found[0].lower(), quoted)
    for encode in (b64encode, urlsafe_b64encode):
        yield encode(data).decode()
        yield encode(data).decode().rstrip("=")
        # After other words, such as Bearer or a user's name, only whole characters are the same.
        for before in range(3):
            over = (before + len(data)) % 3
            inner = encode(bytes(before) + data).decode().rstrip("=")[(0, 2, 3)[before] :]
            inner = inner[:-1] if over else inner
            if len(inner) >= SECRET_LEAST_CHARS:
                yield inner


def redacted(text: str) -> str:
    """Return `text`, of any number of lines, without the secrets of this process."""
    for secret in _secrets:
        if secret in text:
            text = text.replace(secret, _REDACTED)
    if _tokens:
        text = _WORD_OF_TOKEN.sub(lambda it: _REDACTED if it[0] in _tokens else it[0], text)
    return text


def sanitised(text: object) -> str:
    """Make foreign text safe to store and show: one line, bounded, no secret of ours in it.

    What merely looks like a key stays, since recordings, folders and models may be called so;
    `server_words` looks closer.

    Args:
        text: Anything from a server, a corpus or a library.

    Returns:
        At most 300 characters without control characters.
    """
    clean = _CONTROL.sub(" ", redacted(str(text))).strip()
    return clean if len(clean) <= _TEXT_LIMIT_CHARS else clean[: _TEXT_LIMIT_CHARS - 1] + "…"


def server_words(text: object) -> str:
    """Return a server's words as `sanitised` does, without what looks like a key either."""
    return _LIKE_A_KEY.sub(_REDACTED, sanitised(text))


def resembles_key(text: str) -> bool:
    """Return whether text from a file holds what is written as keys and tokens are."""
    found = _KEY_IN_FILE.search(text) or _LIKE_A_KEY.search(text)
    return found is not None or redacted(text) != text


class RedactedStream:
    """A text stream that secrets do not get through, for tracebacks and logs of libraries.

    Args:
        stream: Where the text goes.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write `text` without the secrets of this process."""
        return self._stream.write(redacted(text))

    def writelines(self, lines: list[str]) -> None:
        """Write several pieces."""
        for line in lines:
            self.write(line)

    @property
    def buffer(self) -> "_RedactedBytes":
        """The stream of bytes underneath, which secrets do not get through either."""
        return _RedactedBytes(self._stream.buffer)

    def __getattr__(self, name: str) -> object:
        """Everything else is the stream's own."""
        return getattr(self._stream, name)


class _RedactedBytes:
    """A stream of bytes that are text, for libraries that choose the encoding themselves."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, data: bytes) -> int:
        """Write `data` without the secrets of this process."""
        text = redacted(bytes(data).decode(errors="surrogateescape"))
        self._stream.write(text.encode(errors="surrogateescape"))
        return len(data)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


class HarnessError(Exception):
    """Something a person has to put right; printed as one line, without a traceback.

    Args:
        what: What is wrong, in words.
        where: The file, flag, address or name it is about.
        hint: What to do about it.
    """

    exit_code: ExitCode = ExitCode.BUG

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
        detail: The server's or library's words; made one line, and what looks like a key is
            taken out.
    """

    party: Party
    phase: Phase
    code: str
    detail: str = ""

    def __post_init__(self) -> None:
        """Bound foreign text whoever built the fault."""
        object.__setattr__(self, "code", server_words(self.code)[:80])
        object.__setattr__(self, "detail", server_words(self.detail))

    def __str__(self) -> str:
        """Return `party/phase code: detail`."""
        head = f"{self.party}/{self.phase} {self.code}"
        return f"{head}: {self.detail}" if self.detail else head
