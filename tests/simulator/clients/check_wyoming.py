"""The cascade holds a turn over Wyoming with a server of that project's own package.

What goes over the wire is the project's reading of its protocol in both directions, and not ours.
"""

import asyncio
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.cascade import ProviderSettings
from harness.cascade.providers.wyoming import WyomingSpeechToText, WyomingTextToSpeech

HERE = Path(__file__).parent
_START_LIMIT_S = 30


@pytest.fixture
def settings(python_clients: Path) -> Iterator[ProviderSettings]:
    """Where the server listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
    process = subprocess.Popen([python_clients, HERE / "wyoming_server.py", str(port)])
    try:
        deadline = time.monotonic() + _START_LIMIT_S
        while time.monotonic() < deadline and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield ProviderSettings(name="wyoming", url=f"tcp://127.0.0.1:{port}", language="en")
    finally:
        process.kill()
        process.wait()


def test_a_turn_is_heard_whole(settings: ProviderSettings) -> None:
    pcm = b"\0\1" * 24_000 * 2
    text = asyncio.run(WyomingSpeechToText(settings, None).transcribe(pcm, 24_000))
    found = re.fullmatch(r"heard (\d+) ms", text)
    assert found, text
    assert abs(int(found[1]) - 2_000) < 20


def test_speech_comes_whole_and_ends(settings: ProviderSettings) -> None:
    async def hear() -> list[tuple[int, int]]:
        sounds = WyomingTextToSpeech(settings, None).speak("Two words.")
        return [(sound.rate_hz, len(sound.pcm)) async for sound in sounds]

    assert asyncio.run(hear()) == [(22_050, 2 * 4_410)] * 2
