"""Refusals of an upgrade in the shapes that servers, gateways and proxies give them."""

import gzip
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import Party, Phase
from harness.transport.http_answer import HttpAnswer, is_refusal, no_http

REASON = {"error": {"code": "no_quota", "message": "No quota is left"}}
PACKED = json.dumps(REASON).encode()


def refused(status: str, body: bytes = b"", *headers: str, pieces: int = 1) -> str:
    head = "\r\n".join((f"HTTP/1.1 {status}", *headers)).encode("latin-1")
    assert is_refusal(head)
    answer, step = HttpAnswer(head), max(1, len(body) // pieces)
    for at in range(0, len(body), step):
        answer.feed(body[at : at + step])
    fault = answer.fault()
    assert (fault.party, fault.phase) == (Party.THEIRS, Phase.CONNECT)
    assert fault.code == f"http_{status[:3]}"
    return fault.detail


def chunked(body: bytes, size: int) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x;x=1\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (REASON, "no_quota: No quota is left"),
        ({"error": {"code": "401", "message": "No key"}}, "No key"),
        ({"error": "No key"}, "No key"),
        ({"errors": [{"message": "model is required"}]}, "model is required"),
        ({"detail": [{"loc": ["query", "model"], "msg": "missing"}]}, "query.model: missing"),
        ({"title": "Forbidden", "detail": "No quota", "status": 403}, "No quota"),
        ({"error": {"type": "x"}, "message": "No key"}, "No key"),
        ([{"error": "No key"}], "No key"),
        ("No key", "No key"),
        ({"state": 7}, '{"state": 7}'),
    ],
)
def test_the_reason_is_found_in_json_of_any_shape(body: object, words: str) -> None:
    assert refused("403 Forbidden", json.dumps(body).encode()) == f"403 Forbidden: {words}"


@pytest.mark.parametrize("pieces", [1, 7, 1_000])
@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(PACKED, mtime=0)),
        ("deflate", zlib.compress(PACKED)),
        ("deflate", zlib.compress(PACKED)[2:-4]),
        ("identity", PACKED),
    ],
)
@pytest.mark.parametrize("in_chunks", [False, True])
def test_a_body_is_unpacked_and_joined(
    coding: str, body: bytes, in_chunks: bool, pieces: int
) -> None:
    headers = [f"Content-Encoding: {coding}"]
    if in_chunks:
        body, headers = chunked(body, 20), [*headers, "Transfer-Encoding: chunked"]
    assert "No quota is left" in refused("403 Forbidden", body, *headers, pieces=pieces)


def test_a_web_page_is_read_as_a_person_would() -> None:
    page = b"""<!DOCTYPE html><html><head><title>x</title><style>p{color:red}</style></head>
        <body><!-- hidden --><script>if (1 < 2) {}</script><h1>Blocked</h1>
        <p>Your IP &amp; region</p></body></html>"""
    assert refused("403 Forbidden", page) == "403 Forbidden: Blocked Your IP & region"


def test_what_no_text_is_is_not_shown() -> None:
    assert refused("400", bytes(range(128, 256))) == "400: a body of 128 bytes that is no text"
    assert "packed as br" in refused("400", b"\x8b\x01", "Content-Encoding: br")
    assert "damaged" in refused("400", b"\x1f\x8b\x08rubbish", "Content-Encoding: gzip")
    assert refused("400 Bad", b"a\x1b[31mb\x07\r\n\0c").split() == [
        "400",
        "Bad:",
        "a",
        "[31mb",
        "c",
    ]


def test_however_much_comes_little_is_kept_and_unpacked() -> None:
    bomb = gzip.compress(b"A" * 20_000_000)
    assert len(refused("500", bomb, "Content-Encoding: gzip")) <= 300
    answer = HttpAnswer(b"HTTP/1.1 500 Oops")
    for _ in range(1_000):
        answer.feed(b"word " * 200)
    assert answer.complete
    assert len(answer.fault().detail) <= 300


def test_a_body_is_complete_when_its_end_has_come() -> None:
    for head, body, complete in (
        (b"HTTP/1.1 401 No\r\nContent-Length: 4", b"nop", False),
        (b"HTTP/1.1 401 No\r\nContent-Length: 4", b"nope", True),
        (b"HTTP/1.1 404 No\r\nContent-Length: 0", b"", True),
        (b"HTTP/1.1 401 No\r\nTransfer-Encoding: chunked", chunked(b"nope", 4)[:-2], False),
        (b"HTTP/1.1 401 No\r\nTransfer-Encoding: chunked", chunked(b"nope", 4), True),
        (b"HTTP/1.1 401 No", b"words", False),
    ):
        answer = HttpAnswer(head)
        answer.feed(body)
        assert answer.complete is complete


def test_headers_tell_what_the_body_does_not() -> None:
    detail = refused("302 Found", b"", "Location: https://me:pw@login.example/x?token=abc")
    assert detail == "302 Found: it leads to https://login.example/x"
    assert refused("429 Too Many", b"", "Retry-After: 30") == "429 Too Many: retry after 30 s"
    asked = 'WWW-Authenticate: Bearer error="x", error_description="The token expired"'
    assert refused("401 Unauthorized", b"", asked) == "401 Unauthorized: The token expired"
    assert refused("403", "für".encode("latin-1"), "Content-Type: text/plain; charset=latin1") == (
        "403: für"
    )


def test_what_looks_like_a_key_is_taken_out() -> None:
    body = json.dumps({"error": {"message": "Incorrect key: sk-proj-ab******************yz."}})
    assert "sk-proj" not in refused("401 Unauthorized", body.encode())


def test_what_is_no_refusal_and_no_http() -> None:
    assert not is_refusal(b"HTTP/1.1 101 Switching Protocols")
    assert not is_refusal(b"SSH-2.0-OpenSSH_9.6")
    assert is_refusal(b"HTTP/1.0 403 Forbidden")
    for answer, words in ((b"", "closed without"), (b"\x15\3\1", "wss"), (b"SSH-2.0", "SSH-2.0")):
        assert words in no_http(answer).detail


@given(st.binary(max_size=400), st.lists(st.text(max_size=20), max_size=3))
def test_nothing_a_server_sends_raises(body: bytes, headers: list[str]) -> None:
    named = ["Transfer-Encoding: chunked", "Content-Encoding: deflate", *headers]
    for given_ in ([], named[:1], named):
        head = "\r\n".join(["HTTP/1.1 400 Bad", *given_]).encode("utf-8", "replace")
        answer = HttpAnswer(head)
        answer.feed(body)
        assert len(answer.fault().detail) <= 300
