"""Other people's clients hold conversations with the simulator: `make test-clients`.

Not part of the test run: they come from PyPI and npm, pinned, into folders of their own in the
user's cache, never into this project's environment. A client that cannot be had is skipped, with
the reason.
"""

import asyncio
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import environment
from harness.corpus import speech_like
from harness.simulator import Preset, Simulator, SimulatorConfig, ToolRule
from tests.simulator.clients.conftest import install

HERE = Path(__file__).parent
_CONVERSATION_LIMIT_S = 60
_QUICK = Preset(
    name="quick", shift_ms=60, median_ms=60, sigma=0.2, lead_median_ms=40, lead_sigma=0.5
)
_CONFIG = SimulatorConfig(preset=_QUICK, speed=3, responses=4, seed=3)
_CONVERSATIONS = {
    "greeting": _CONFIG,
    "vad": _CONFIG,
    "manual": _CONFIG,
    "tool": replace(_CONFIG, tools=ToolRule(turns=(0,))),
    "barge_in": replace(_CONFIG, speed=1),
    "expiry": replace(_CONFIG, session_limit_s=3.0),
}


@pytest.fixture(scope="session")
def node_clients() -> Path:
    """Install the JavaScript clients once and return the folder to run them in."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed")
    folder = environment.cache_dir() / "clients" / "node"
    wanted = (HERE / "package.json").read_text()
    done = folder / "installed.json"
    if not done.exists() or done.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "package.json").write_text(wanted)
        install("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", folder=folder)
        done.write_text(wanted)
    for program in ("agents.mjs", "plain.mjs"):
        shutil.copy(HERE / program, folder)  # they find their packages beside them
    return folder


@pytest.fixture(scope="session")
def audio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of speech between silences, PCM16 at 24 kHz."""
    speech = speech_like(np.random.default_rng(1), 1.0, 24_000)
    samples = np.concatenate((np.zeros(9_600), speech, np.zeros(14_400))).astype("<i2")
    path = tmp_path_factory.mktemp("audio") / "utterance.raw"
    path.write_bytes(samples.tobytes())
    return path


def _held(conversation: str, program: list[str | Path], folder: Path, audio: Path) -> Any:
    """Hold one conversation and return what the client says of it."""

    async def talk() -> bytes:
        simulator = Simulator(_CONVERSATIONS[conversation])
        port = await simulator.start()
        process = await asyncio.create_subprocess_exec(
            *program,
            str(port),
            conversation,
            str(audio),
            cwd=folder,
            env=environment.for_child(),
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            out, _ = await asyncio.wait_for(process.communicate(), _CONVERSATION_LIMIT_S)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            await simulator.stop()
        return out

    lines = asyncio.run(talk()).decode().splitlines()
    assert lines, "the client said nothing"
    return json.loads(lines[-1])


def _check(conversation: str, found: Any) -> None:
    assert found["errors"] == [], found
    assert found["audio"] > 0, found
    kinds = found["kinds"]
    assert "error" not in kinds or conversation == "expiry", found
    if conversation == "tool":
        assert found["tools"] == 1, found
        assert kinds["response.done"] == 2, found
    elif conversation == "barge_in":
        assert found["interrupted"] >= 1, found
        assert kinds["conversation.item.truncated"] >= 1, found
        assert kinds["response.done"] >= 2, found
    elif conversation == "expiry":
        assert kinds["session.created"] == 2, found


@pytest.mark.parametrize("conversation", _CONVERSATIONS)
@pytest.mark.parametrize("program", ["agents.mjs", "plain.mjs"])
def test_javascript_client_holds_a_conversation(
    node_clients: Path, audio: Path, program: str, conversation: str
) -> None:
    found = _held(conversation, ["node", program], node_clients, audio)
    _check(conversation, found)


@pytest.mark.parametrize("conversation", _CONVERSATIONS)
@pytest.mark.parametrize("program", ["pipecat_caller.py", "livekit_caller.py"])
def test_python_client_holds_a_conversation(
    python_clients: Path, audio: Path, program: str, conversation: str
) -> None:
    found = _held(conversation, [python_clients, HERE / program], HERE, audio)
    _check(conversation, found)
