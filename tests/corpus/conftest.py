"""Speech made on the spot, a listener for progress, and a web server that may misbehave."""

import threading
from collections.abc import Callable, Iterator
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


class Web:
    """What a loopback web server answers, and how it misbehaves.

    Manners of one that breaks off: `resumes` (as it should), `refuses ranges` (sends it all again),
    `has no range` (416), `stalls` (says nothing more), `another place` (goes on from elsewhere).
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.answers: dict[str, tuple[bytes, int, int | None, str]] = {}
        self.asked: list[str | None] = []

    def serve(
        self,
        path: str,
        body: bytes,
        *,
        claimed: int | None = None,
        breaks_after: int | None = None,
        manner: str = "resumes",
    ) -> str:
        """Serve `body` at `path` and return its address."""
        length = len(body) if claimed is None else claimed
        self.answers[path] = (body, length, breaks_after, manner)
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
            if self.path not in site.answers:
                self.send_error(404)
                return
            body, claimed, breaks_after, manner = site.answers[self.path]
            start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
            if asked and manner == "has no range":
                self.send_error(416)
                return
            if manner == "refuses ranges" or start >= len(body):
                start = 0
            if manner == "another place" and asked:
                start -= 1000
            self.send_response(206 if asked and start else 200)
            if asked and start:
                said = start + 1000 if manner == "another place" else start
                self.send_header("Content-Range", f"bytes {said}-{len(body) - 1}/{len(body)}")
            self.send_header("Content-Length", str(claimed - start))
            self.end_headers()
            stop = breaks_after if breaks_after is not None and first else len(body)
            self.wfile.write(body[start:stop])
            self.wfile.flush()
            if manner == "stalls" and first:
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
