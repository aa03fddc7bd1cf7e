"""Speech made on the spot, a listener for progress, and a web server that may misbehave."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from harness.corpus import speech_like
from harness.corpus.sound import write


class Told:
    """Progress that remembers what it was told."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.advances: list[tuple[int, int | None]] = []

    def step(self, what: str, unit: str = "bytes") -> None:
        self.steps.append(what)

    def advance(self, done: int, total: int | None) -> None:
        self.advances.append((done, total))


@pytest.fixture
def told() -> Told:
    return Told()


WriteSpeech = Callable[..., Path]


@pytest.fixture
def write_speech() -> WriteSpeech:
    """Return a writer of WAV files: 0.2 s of silence, speech, 0.3 s of silence."""

    def write_one(path: Path, seed: int = 2, speech_s: float = 0.8, rate_hz: int = 16_000) -> Path:
        speech = speech_like(np.random.default_rng(seed), speech_s, rate_hz)
        lead, tail = (np.zeros(round(s * rate_hz), dtype=np.int16) for s in (0.2, 0.3))
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, np.concatenate((lead, speech, tail)), rate_hz)
        return path

    return write_one


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a loopback web server answers at one path, and how it misbehaves.

    Manners of one that breaks off: `resumes` (as it should), `refuses ranges` (sends it all again),
    `has no range` (416), `stalls` (says nothing more), `another place` (goes on from elsewhere),
    `deaf` (goes on with another edition than the one it was asked for).
    """

    body: bytes
    claimed: int
    breaks_after: int | None
    manner: str
    headers: Mapping[str, str]

    def range_of(self, asked: str | None, edition: str | None) -> tuple[int, int]:
        """Return where the answer begins, and where it says so."""
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        known = (self.headers.get("ETag"), self.headers.get("Last-Modified"))
        changed = edition is not None and edition not in known and self.manner != "deaf"
        if self.manner == "refuses ranges" or start >= len(self.body) or changed:
            start = 0
        elsewhere = self.manner == "another place" and start > 0
        return start - 1000 * elsewhere, start


class Web:
    """A web server on loopback; `asked` holds the `Range` of every request."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.answers: dict[str, Answer] = {}
        self.asked: list[str | None] = []

    def serve(
        self,
        path: str,
        body: bytes,
        *,
        claimed: int | None = None,
        breaks_after: int | None = None,
        manner: str = "resumes",
        **headers: str,
    ) -> str:
        """Serve `body` at `path` and return its address; only a first request is broken off."""
        self.answers[path] = Answer(
            body=body,
            claimed=len(body) if claimed is None else claimed,
            breaks_after=breaks_after,
            manner=manner,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )
        self.asked.clear()
        return f"{self.address}{path}"


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("no_proxy", "*")
    over = threading.Event()
    site = Web("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            first = not site.asked
            site.asked.append(asked)
            if (answer := site.answers.get(self.path)) is None:
                self.send_error(404)
                return
            if asked and answer.manner == "has no range":
                self.send_error(416)
                return
            start, said = answer.range_of(asked, self.headers.get("If-Range"))
            self.send_response(206 if start else 200)
            if start:
                size = len(answer.body)
                self.send_header("Content-Range", f"bytes {said}-{size - 1}/{size}")
            self.send_header("Content-Length", str(answer.claimed - start))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            breaks = answer.breaks_after is not None and first
            # Whoever asked may have gone by now.
            with suppress(ConnectionError):
                self.wfile.write(answer.body[start : answer.breaks_after if breaks else None])
                self.wfile.flush()
            if answer.manner == "stalls" and first:
                over.wait(5.0)

        def log_message(self, *words: object) -> None:
            del words

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        site.address = f"http://127.0.0.1:{server.server_port}"
        yield site
        over.set()
        server.shutdown()
        thread.join()
