import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from socket import socket
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from harness.errors import BadInput
from harness.simulator import Simulator, SimulatorConfig

ADDRESS = re.compile(r"listening on (ws://127\.0\.0\.1:\d+/v1/realtime)\n")


def _in_turn(coroutine: Any) -> None:
    asyncio.run(coroutine)


@contextmanager
def _process(*options: str, environment: dict[str, str] | None = None) -> Iterator[Any]:
    """Run the command and hand out (process, address); it is gone afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "simulator", "--port", "0", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = ADDRESS.fullmatch(line)
        assert found, line
        yield process, found[1]
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            assert pipe is not None
            pipe.close()


def test_command_serves_until_it_is_told_to_end() -> None:
    async def greet(address: str) -> None:
        async with connect(f"{address}?model=any") as client:
            assert json.loads(await client.recv())["session"]["model"] == "any"

    # Its standard input stays open: the thread that waits for it must not trouble the end.
    with _process("--exit-with-stdin") as (process, address):
        asyncio.run(greet(address))
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stderr.read() == ""


def test_command_ends_with_its_standard_input() -> None:
    with _process("--exit-with-stdin") as (process, _):
        process.stdin.close()
        assert process.wait(10) == 0


def test_port_in_use_is_one_line_and_bad_input(quick: SimulatorConfig) -> None:
    async def try_twice() -> None:
        with closing(socket()) as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(BadInput, match="in use"):
                await Simulator(SimulatorConfig(port=port, responses=1)).start()

    _in_turn(try_twice())


def test_truth_log_in_a_missing_folder_is_bad_input(tmp_path: Path) -> None:
    async def start() -> None:
        await Simulator(SimulatorConfig(truth=tmp_path / "no" / "t.jsonl", responses=1)).start()

    with pytest.raises(BadInput, match="truth log"):
        asyncio.run(start())


async def _refusal(port: int, path: str, **headers: str) -> tuple[dict[str, Any], int, str]:
    """Return the error, the close code and its reason of a client that is turned away."""
    url = f"ws://127.0.0.1:{port}{path}"
    async with asyncio.timeout(10), connect(url, additional_headers=headers) as client:
        error = json.loads(await client.recv())
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert error["type"] == "error"
        assert error["event_id"]
        return error["error"], client.close_code or 0, client.close_reason or ""


def test_wrong_and_missing_keys_are_refused_after_the_upgrade() -> None:
    async def knock() -> None:
        simulator = Simulator(SimulatorConfig(api_key="right", responses=1))
        port = await simulator.start()
        path = "/v1/realtime?model=m"
        wrong = await _refusal(port, path, Authorization="Bearer wrong")
        assert wrong[0]["code"] == "invalid_api_key"
        assert "wrong" not in wrong[0]["message"]
        assert wrong[1:] == (3000, "invalid_request_error.invalid_api_key")
        missing = await _refusal(port, path)
        assert missing[0]["code"] is None
        assert missing[1:] == (3000, "invalid_request_error")
        url = f"ws://127.0.0.1:{port}{path}"
        async with connect(url, additional_headers={"authorization": "Bearer right"}) as client:
            assert json.loads(await client.recv())["type"] == "session.created"
        offers = [Subprotocol("realtime"), Subprotocol("openai-insecure-api-key.right")]
        async with connect(url, subprotocols=offers) as client:
            assert client.subprotocol == "realtime"
            assert json.loads(await client.recv())["type"] == "session.created"
        await simulator.stop()

    _in_turn(knock())


def test_missing_model_and_beta_header_are_refused_after_the_upgrade() -> None:
    async def knock() -> None:
        simulator = Simulator(SimulatorConfig(responses=1))
        port = await simulator.start()
        error, code, reason = await _refusal(port, "/v1/realtime")
        assert (error["code"], code) == ("missing_model", 4000)
        assert reason == "invalid_request_error.missing_model"
        beta = {"OpenAI-Beta": "realtime=v1"}
        error, code, _ = await _refusal(port, "/v1/realtime?model=m", **beta)
        assert (error["code"], code) == ("beta_api_shape_disabled", 4000)
        await simulator.stop()

    _in_turn(knock())


def test_http_refusals_are_http() -> None:
    def status(url: str) -> int:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    async def knock() -> None:
        simulator = Simulator(SimulatorConfig(api_key="k", refuse_at_upgrade=True, responses=1))
        port = await simulator.start()
        with pytest.raises(InvalidStatus, match="401"):
            await connect(f"ws://127.0.0.1:{port}/v1/realtime?model=m")
        with pytest.raises(InvalidStatus, match="404"):
            await connect(f"ws://127.0.0.1:{port}/v2/nothing")
        plain = f"http://127.0.0.1:{port}/v1/realtime?model=m"
        assert await asyncio.to_thread(status, plain) == 401
        await simulator.stop()
        simulator = Simulator(SimulatorConfig(responses=1))
        port = await simulator.start()
        plain = f"http://127.0.0.1:{port}/v1/realtime?model=m"
        assert await asyncio.to_thread(status, plain) == 426
        await simulator.stop()

    _in_turn(knock())


def test_stopping_closes_sessions_and_frees_the_port() -> None:
    async def stop_in_session() -> None:
        simulator = Simulator(SimulatorConfig(responses=1))
        port = await simulator.start()
        async with connect(f"ws://127.0.0.1:{port}/v1/realtime?model=m") as client:
            await client.recv()
            await simulator.stop()
            with pytest.raises(ConnectionClosed):
                await client.recv()
            assert client.close_code == 1001
        again = Simulator(SimulatorConfig(port=port, responses=1))
        assert await again.start() == port
        await again.stop()

    _in_turn(stop_in_session())


def test_server_pings_and_sessions_expire() -> None:
    async def wait() -> None:
        config = SimulatorConfig(ping_interval_s=0.02, session_limit_s=0.2, responses=1)
        simulator = Simulator(config)
        port = await simulator.start()
        error, code, reason = await _expired(port)
        assert (error["code"], code) == ("session_expired", 1001)
        assert reason == error["message"]
        await simulator.stop()

    async def _expired(port: int) -> tuple[dict[str, Any], int, str]:
        async with connect(f"ws://127.0.0.1:{port}/v1/realtime?model=m") as client:
            await client.recv()
            error = json.loads(await client.recv())["error"]
            with pytest.raises(ConnectionClosed):
                await client.recv()
            return error, client.close_code or 0, client.close_reason or ""

    _in_turn(wait())


_MESSAGES = st.one_of(
    st.text(max_size=40),
    st.binary(max_size=40),
    st.just("[" * 20_000),
    st.just('{"type":"session.update","session":' + "[" * 20_000),
    st.builds(
        lambda kind, fields: json.dumps({**fields, "type": kind}),
        st.sampled_from(
            [
                "session.update",
                "input_audio_buffer.append",
                "input_audio_buffer.commit",
                "input_audio_buffer.clear",
                "conversation.item.create",
                "conversation.item.retrieve",
                "conversation.item.delete",
                "conversation.item.truncate",
                "response.create",
                "response.cancel",
                "response.unheard_of",
            ]
        ),
        st.dictionaries(
            st.sampled_from(
                ["session", "audio", "item", "item_id", "content_index", "audio_end_ms",
                 "previous_item_id", "response", "response_id", "event_id"]
            ),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.text(max_size=8),
                lambda inner: st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        ["type", "audio", "input", "output", "turn_detection", "content", "role",
                         "id", "text", "voice", "format", "metadata", "conversation"]
                    )
                    | st.sampled_from(["message", "user", "input_text"]),
                    inner,
                    max_size=4,
                ),
                max_leaves=8,
            ),
            max_size=4,
        ),
    ),
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(_MESSAGES, max_size=30))
def test_junk_kills_neither_its_session_nor_another(
    capsys: pytest.CaptureFixture[str], quick: SimulatorConfig, messages: list[str | bytes]
) -> None:
    async def talk() -> None:
        simulator = Simulator(quick)
        url = f"ws://127.0.0.1:{await simulator.start()}/v1/realtime?model=m"
        async with asyncio.timeout(20), connect(url) as other, connect(url) as client:
            for message in messages:
                await client.send(message)
            for socket_ in (client, other):
                await socket_.send('{"type":"input_audio_buffer.clear"}')
                while json.loads(await socket_.recv())["type"] != "input_audio_buffer.cleared":
                    pass
        await simulator.stop()

    _in_turn(talk())
    assert "failed" not in capsys.readouterr().err


@pytest.mark.parametrize("junk", [b"\x00" * 64, b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01" * 9])
def test_bytes_that_are_no_http_end_only_their_connection(
    quick: SimulatorConfig, junk: bytes
) -> None:
    async def knock() -> None:
        simulator = Simulator(quick)
        port = await simulator.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(junk)
        writer.write_eof()
        await asyncio.wait_for(reader.read(), 10)
        writer.close()
        async with connect(f"ws://127.0.0.1:{port}/v1/realtime?model=m") as client:
            assert json.loads(await client.recv())["type"] == "session.created"
        await simulator.stop()

    _in_turn(knock())


def test_equal_seeds_draw_equal_latencies_for_the_nth_session(tmp_path: Path) -> None:
    async def greet(truth: Path) -> None:
        simulator = Simulator(SimulatorConfig(seed=5, truth=truth, responses=1))
        port = await simulator.start()
        for _ in range(2):
            async with connect(f"ws://127.0.0.1:{port}/v1/realtime?model=m") as client:
                await client.send('{"type":"response.create"}')
                while json.loads(await client.recv())["type"] != "response.created":
                    pass
                await client.send('{"type":"response.cancel"}')
                while json.loads(await client.recv())["type"] != "response.done":
                    pass
        await simulator.stop()

    def drawn(truth: Path) -> list[float]:
        asyncio.run(greet(truth))
        return [json.loads(line)["drawn_ms"] for line in truth.read_text().splitlines()]

    first, second = drawn(tmp_path / "a"), drawn(tmp_path / "b")
    assert first == second
    assert len(set(first)) == 2
    assert np.all(np.array(first) > 1064)
