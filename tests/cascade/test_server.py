import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from harness.cascade import Cascade, CascadeConfig, ProviderSettings
from harness.errors import BadInput
from harness.model import TurnStatus
from harness.recording import read_run, read_stages, read_summary
from tests.cascade.conftest import FakeHttp, Providers, Reply, chunk, speech, stopped
from tests.load.conftest import MachineTooBusy, expected_exit_code

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


@contextmanager
def _providers(given: Providers) -> Iterator[tuple[FakeHttp, FakeHttp, FakeHttp, str]]:
    """Serve the three parts from a thread, and give the file that describes them."""
    stt, llm, tts = FakeHttp(given.stt), FakeHttp(given.llm), FakeHttp(given.tts)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def wait(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(20)

    fakes = {"stt": stt, "llm": llm, "tts": tts}
    try:
        tables = [f'[{part}]\nurl = "{wait(fake.start())}"\n' for part, fake in fakes.items()]
        yield stt, llm, tts, "".join(tables)
    finally:
        for fake in fakes.values():
            wait(fake.stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_a_run_against_it_has_every_stage_where_the_providers_saw_it(tmp_path: Path) -> None:
    voice = speech()
    given = Providers(
        stt=lambda _: Reply([(0.07, b'{"text":"Hello."}')]),
        llm=lambda _: Reply([(0.05, chunk("Good")), (0.03, chunk(" day. Bye")), (0.0, stopped())]),
        tts=lambda _: Reply([(0.04, voice)]),
    )
    with _providers(given) as (stt, llm, tts, tables):
        file = tmp_path / "cascade.toml"
        file.write_text(tables)
        words = [sys.executable, "-m", "harness", "run", "conversation", "--cascade", str(file)]
        words += ["--corpus", "synthetic", "--calls", "1", "--turns", "1", "--users", "1"]
        done = subprocess.run(
            [*words, "--reports", str(tmp_path / "runs")],
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    (folder,) = (tmp_path / "runs").iterdir()
    assert done.returncode == expected_exit_code(folder), done.stderr
    (record,) = read_stages(folder)
    heard, thought, spoken = stt.replies[0], llm.replies[0], tts.replies[0]
    # All on one clock: what a stage ends with left its provider before, and what it sets off came
    # to the next provider after. So each stage is as long as was planted.
    instants = [
        *(record.endpoint_ns, stt.requests[0].received_ns, heard.sent_ns[0]),
        *(record.transcript_ns, llm.requests[0].received_ns, thought.sent_ns[0]),
        *(record.first_token_ns, record.first_sentence_ns),
        *(tts.requests[0].received_ns, spoken.sent_ns[0]),
        *(record.tts_first_byte_ns, record.first_audio_sent_ns),
    ]
    for earlier, later in pairwise(instants):
        assert earlier is not None
        assert later is not None
        assert earlier <= later, instants
    assert record.first_sentence_ns is not None
    assert thought.sent_ns[1] <= record.first_sentence_ns
    (turn,) = read_run(folder).turns
    if turn.status is TurnStatus.VOID:
        raise MachineTooBusy
    stages = read_summary(folder).stages
    assert stages is not None
    assert {stage.n for stage in stages.values()} == {1}
    assert "Stages of the cascade" in (folder / "report.html").read_text()
    settings = json.loads((folder / "manifest.json").read_text())["settings"]
    assert settings["cascade"].startswith("cascade.toml ")
    command = settings["command"]
    assert " --cascade " in command  # with the path, or FILE for a long one
    assert "--host" not in command
