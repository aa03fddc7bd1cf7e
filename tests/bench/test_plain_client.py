"""The straightforward client says what the engine says; only how differs."""

import base64
import json
import threading
from collections import defaultdict
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from harness.bench.child_process import Child

FRAME_MS, FRAME_BYTES = 20, 960


class Listener:
    """Keeps what every client sends and answers nothing but the session's creation."""

    def __init__(self) -> None:
        self.sent: dict[int, list[dict[str, str]]] = defaultdict(list)
        self.clients = 0

    def serve(self, client: ServerConnection) -> None:
        number, self.clients = self.clients, self.clients + 1
        client.send(json.dumps({"type": "session.created", "session": {"id": "s", "model": "m"}}))
        try:
            for message in client:
                self.sent[number].append(json.loads(message))
        except ConnectionClosed:
            return

    def speech(self, client: int) -> bytes:
        """Return the first utterance of a client, from its first frame with sound on."""
        frames = [
            base64.b64decode(event["audio"])
            for event in self.sent[client]
            if event["type"] == "input_audio_buffer.append"
        ]
        assert {len(frame) for frame in frames} == {FRAME_BYTES}
        sound = b"".join(frames).lstrip(b"\0")
        return sound.rstrip(b"\0")


@pytest.fixture
def listener() -> Iterator[tuple[Listener, str]]:
    found = Listener()
    server: Server
    with serve(found.serve, "127.0.0.1", 0, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield found, f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join()


def test_it_says_the_same_as_the_engine(listener: tuple[Listener, str]) -> None:
    heard, address = listener
    for client in ("plain_client", "engine_trial"):
        words = ("--host", address, "--frame-ms", f"{FRAME_MS}", "--seconds", "2")
        with Child(f"harness.bench.{client}", *words) as child:
            child.ask(1)
    plain, engine = heard.speech(0), heard.speech(heard.clients - 1)
    assert len(plain) > 50 * FRAME_BYTES
    assert plain == engine
    assert heard.sent[0][0]["type"] == "session.update"
