import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from harness.cascade import Cascade, CascadeConfig, ProviderSettings
from harness.errors import BadInput

OWN = ProviderSettings(name="openai", url="http://127.0.0.1:9/v1")
URLS = [f"--{part}-url={OWN.url}" for part in ("stt", "llm", "tts")]
ADDRESS = re.compile(r"listening on (ws://127\.0\.0\.1:\d+/v1/realtime)\n")


def test_it_is_found_at_one_path_and_names_a_model_that_no_price_list_has() -> None:
    async def talk() -> None:
        cascade = Cascade(CascadeConfig(stt=OWN, llm=OWN, tts=OWN))
        address = cascade.address(await cascade.start())
        async with connect(f"{address}?model=gpt-realtime") as client:
            session = json.loads(await client.recv())["session"]
            assert session["model"] == "cascade"
        with pytest.raises(InvalidStatus):
            await connect(address + "/elsewhere")
        await cascade.stop()

    asyncio.run(talk())


def test_a_stage_log_that_cannot_be_written_is_bad_input(tmp_path: Path) -> None:
    async def start() -> None:
        stages = tmp_path / "no" / "stages.jsonl"
        await Cascade(CascadeConfig(stt=OWN, llm=OWN, tts=OWN, stages=stages)).start()

    with pytest.raises(BadInput, match="stage log"):
        asyncio.run(start())


def test_the_command_serves_until_it_is_told_to_end_and_shows_no_key() -> None:
    words = [sys.executable, "-m", "harness", "cascade", "--port", "0", *URLS]
    with subprocess.Popen(
        [*words, "--llm-key-env", "MINE"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"MINE": "a-key-of-mine"},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert ADDRESS.fullmatch(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert process.stderr.read() == ""
