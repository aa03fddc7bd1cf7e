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

    def step(self, what: str) -> None:
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
    """What a loopback web server answers: path to body and the length it claims."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.answers: dict[str, tuple[bytes, int]] = {}

    def serve(self, path: str, body: bytes, *, claimed: int | None = None) -> str:
        """Serve `body` at `path` and return its address."""
        self.answers[path] = (body, len(body) if claimed is None else claimed)
        return f"{self.address}{path}"


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("no_proxy", "*")
    answers: dict[str, tuple[bytes, int]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path not in answers:
                self.send_error(404)
                return
            body, claimed = answers[self.path]
            self.send_response(200)
            self.send_header("Content-Length", str(claimed))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            del words

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        site = Web(f"http://127.0.0.1:{server.server_port}")
        site.answers = answers
        yield site
        server.shutdown()
        thread.join()
