"""An answer in plain HTTP: its status, its content, and of a refusal the reason in its own words.

The reason may stand in JSON of any shape, in a web page, in a header or in plain text, packed or in
chunks, and it may be far longer than anybody reads. Pure: bytes in, a `Fault` out.
"""

import html
import json
import re
import zlib
from collections.abc import Mapping
from typing import Any

from harness.errors import Fault, Party, Phase, server_words

_KEPT_BYTES = 65_536
"""A reason stands at the beginning of a body; more is not read, nor unpacked."""

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? +(\d{3})(?: +([^\r\n]*))?")
_NOT_SEEN = re.compile(r"(?is)<(script|style|head)\b(?!er).*?</\1\s*>|<!--.*?-->")
_TAG = re.compile(r"<[^<>]*>")
# Where a reason stands in JSON, the best place first.
_REASONS = (
    "error",
    "errors",
    "message",
    "detail",
    "details",
    "error_description",
    "msg",
    "description",
    "reason",
    "title",
)
_MOST_LEVELS = 8
# More characters as odd make no text.
_MOST_ODD = 8


def is_refusal(head: bytes) -> bool:
    """Tell whether the head of an answer is HTTP and not an upgrade."""
    status = _STATUS.match(head)
    return status is not None and status[1] != b"101"


def no_http(answer: bytes) -> Fault:
    """Return the fault of a server that answered an upgrade with something else than HTTP."""
    if not answer:
        words = (
            "the connection was closed without an answer to the upgrade, as by a server that speaks"
            " TLS: use wss for one"
        )
    elif answer[:1] == b"\x15":
        words = "the server speaks TLS here: use wss in place of ws"
    else:
        words = f"the answer is no HTTP: {server_words(answer[:80].decode('latin-1'))}"
    return Fault(Party.THEIRS, Phase.CONNECT, "no_upgrade", words)


class HttpAnswer:
    """An answer while it is read, such as that of a server that refuses an upgrade.

    Args:
        head: Status line and headers.
        most_bytes: As much of the body is read, and unpacked.

    Attributes:
        status: The status code.
        complete: Whether nothing is to be gained from more of the body.
    """

    def __init__(self, head: bytes, most_bytes: int = _KEPT_BYTES) -> None:
        lines = head.split(b"\r\n")
        found = _STATUS.match(lines[0])
        assert found is not None
        self.status = int(found[1])
        self._line = f"{self.status} {(found[2] or b'').decode('latin-1')}".strip()
        pairs = (line.decode("latin-1").partition(":") for line in lines[1:])
        self._headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        self._body, self._most_bytes = bytearray(), most_bytes
        length = self._headers.get("content-length", "")
        self._length = int(length[:9]) if length.isascii() and length.isdecimal() else None
        self._chunked = "chunked" in self._headers.get("transfer-encoding", "").lower()
        self.complete = self._length == 0

    def feed(self, data: bytes) -> None:
        """Take more of the body."""
        self._body += data[: self._most_bytes - len(self._body)]
        whole = self._length is not None and len(self._body) >= self._length
        last = self._chunked and self._body.endswith(b"0\r\n\r\n")
        self.complete = self.complete or whole or last or len(self._body) >= self._most_bytes

    @property
    def content(self) -> bytes:
        """The body by now, unpacked; empty where it cannot be."""
        if self._length is not None:
            del self._body[self._length :]
        unpacked = self._unpacked()
        return unpacked if isinstance(unpacked, bytes) else b""

    def fault(self) -> Fault:
        """Return what is known of the refusal by now."""
        parts = [_body_words(self._unpacked(), self._charset()), *self._header_words()]
        words = "; ".join(part for part in parts if part)
        detail = f"{self._line}: {words}" if words else self._line
        return Fault(Party.THEIRS, Phase.CONNECT, f"http_{self.status}", detail)

    def _header_words(self) -> list[str]:
        """Return what headers say of the reason."""
        words = []
        if 300 <= self.status < 400 and (place := self._headers.get("location")):
            # What is left out may be a token or a password.
            where = re.sub(r"//[^/@]*@", "//", re.split(r"[?#]", place)[0])
            words.append(f"it leads to {where}")
        if wait := self._headers.get("retry-after"):
            words.append(f"retry after {wait} s" if wait.isdecimal() else f"retry after {wait}")
        asked = self._headers.get("www-authenticate", "")
        words += re.findall(r'error_description="([^"]*)"', asked)
        return [server_words(each) for each in words]

    def _charset(self) -> str:
        named = re.search(r'charset="?([\w.:-]+)', self._headers.get("content-type", ""))
        return named[1] if named else "utf-8"

    def _unpacked(self) -> bytes | str:
        """Return the body as it was before it was chunked and packed; words where that fails."""
        body = bytes(self._body)
        if self._chunked:
            body = _joined(body)
        coding = self._headers.get("content-encoding", "identity").lower()
        if coding in ("", "identity") or not body:
            return body
        if coding not in ("gzip", "x-gzip", "deflate"):
            return f"a body packed as {coding}, which cannot be read"
        # Gzip and zlib by their heads, or bare, as some servers take "deflate".
        for window_bits in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):
            try:
                return zlib.decompressobj(window_bits).decompress(body, self._most_bytes)
            except zlib.error:
                continue
        return f"a body packed as {coding}, which is damaged"


def _joined(body: bytes) -> bytes:
    """Return the content of chunks, the last of which may not have come."""
    content = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        try:
            length = int(size.split(b";")[0], 16)
        except ValueError:
            return content
        if length <= 0:
            return content
        content, body = content + rest[:length], rest[length + 2 :]
    return content


def _body_words(body: bytes | str, charset: str) -> str:
    """Return the reason that stands in a body, bounded and without control characters."""
    if isinstance(body, str):
        return server_words(body)
    try:
        text = body.decode(charset, errors="replace")
    except LookupError:
        text = body.decode(errors="replace")
    if sum(map(_is_odd, text)) > _MOST_ODD:
        return f"a body of {len(body)} bytes that is no text"
    text = text.strip().removeprefix("\ufeff")
    if text[:1] in ("{", "[", '"'):
        text = _json_words(text)
    elif text[:1] == "<":
        text = html.unescape(_TAG.sub(" ", _NOT_SEEN.sub(" ", text)))
    return server_words(" ".join(text.split()))


def _is_odd(character: str) -> bool:
    """Tell whether a character is one of no text."""
    return character == "\ufffd" or not (character.isprintable() or character.isspace())


def _json_words(text: str) -> str:
    """Return the reason that JSON gives, the whole text where it gives none."""
    try:
        return _reason(json.loads(text), _MOST_LEVELS) or text
    except (ValueError, RecursionError):
        return text


def _reason(value: Any, levels: int) -> str:
    """Return the first reason in a JSON value, with its code and place where they are named."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and levels:
        return next(filter(None, (_reason(each, levels - 1) for each in value)), "")
    if not isinstance(value, Mapping) or not levels:
        return ""
    for name in _REASONS:
        if words := _reason(value.get(name), levels - 1):
            return "".join((*_before(value), words)) if isinstance(value[name], str) else words
    return ""


def _before(value: Mapping[str, Any]) -> list[str]:
    """Return what goes before a reason: its code in words, and the field it is about."""
    code, place = value.get("code"), value.get("loc")
    words = [f"{code}: "] if isinstance(code, str) and code and not code.isdecimal() else []
    if isinstance(place, list) and place:
        words.append(".".join(map(str, place)) + ": ")
    return words
