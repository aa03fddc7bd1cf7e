import asyncio
import json
import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.datastructures import Headers
from websockets.exceptions import InvalidStatus

from harness.errors import BadInput
from harness.simulator import Simulator, SimulatorConfig
from harness.simulator.wire.upgrade import (
    INWORLD_PATH,
    Admitted,
    RefusedByClose,
    RefusedByHttp,
    UpgradeDecision,
    examine,
)


def _decide(target: str, **headers: str) -> UpgradeDecision:
    return examine(
        target,
        Headers({name.replace("_", "-"): value for name, value in headers.items()}),
        api_key="right",
        refuse_at_upgrade=False,
        is_ephemeral=lambda key: key == "ek_1",
    )


@pytest.mark.parametrize(
    ("model", "code", "close_code"),
    [
        ("gpt-4o-realtime-preview-2024-10-01", "model_not_found", 4004),
        ("whisper-1", "invalid_model", 4000),
        ("", "missing_model", 4000),
    ],
)
def test_models_that_cannot_be_talked_to_are_refused(
    model: str, code: str, close_code: int
) -> None:
    verdict = _decide(f"/v1/realtime?model={model}", Authorization="Bearer right")
    assert isinstance(verdict, RefusedByClose)
    assert (verdict.code, verdict.close_code) == (code, close_code)
    assert verdict.reason == f"invalid_request_error.{code}"


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/voice-live/realtime?api-version=1&model=m", {"api_key": "right"}, "voice-live"),
        ("/voice-live/realtime?api-version=1&model=m&api-key=right", {}, "voice-live"),
        ("/voice-live/realtime?api-version=1&model=m", {"api_key": "wrong"}, 401),
        ("/voice-live/realtime?model=m", {"api_key": "right"}, 400),
        (f"{INWORLD_PATH}?key=a&protocol=realtime", {"Authorization": "Basic right"}, "inworld"),
        (f"{INWORLD_PATH}?key=a&protocol=realtime", {"Authorization": "Bearer right"}, 401),
        (f"{INWORLD_PATH}?key=a", {"Authorization": "Basic right"}, 400),
        ("/v1/realtime?model=grok-voice-latest", {"Authorization": "Bearer right"}, "xai"),
        ("/amazon-connect", {"Authorization": "Bearer wrong", "A2A_Extensions": "x"}, 401),
        ("/amazon-connect", {"A2A_Extensions": "x"}, 401),
        ("/amazon-connect", {"Authorization": "Bearer right"}, 400),
        ("/amazon-connect", {"Authorization": "Bearer right", "A2A_Extensions": "x"}, ""),
    ],
)
def test_services_that_resemble_it_have_ways_in_of_their_own(
    path: str, headers: dict[str, str], expected: str | int
) -> None:
    verdict = _decide(path, **headers)
    if isinstance(expected, int):
        assert isinstance(verdict, RefusedByHttp)
        assert verdict.status == expected
    else:
        assert isinstance(verdict, Admitted)
        assert verdict.words == expected


def test_azure_lets_in_by_its_own_header_and_refuses_by_http() -> None:
    path = "/openai/v1/realtime?model=deployment"
    assert _decide(path, api_key="right") == Admitted("deployment")
    assert _decide(f"{path}&api-key=right") == Admitted("deployment")
    for verdict in (_decide(path), _decide(path, api_key="wrong")):
        assert isinstance(verdict, RefusedByHttp)
        assert verdict.status == 401
    preview = _decide(f"{path}&api-version=2025-04-01-preview", api_key="right")
    assert isinstance(preview, RefusedByHttp)
    assert preview.status == 401


def test_ephemeral_key_and_call_id() -> None:
    assert _decide("/v1/realtime?model=m", authorization="bearer ek_1") == Admitted("m")
    verdict = _decide("/v1/realtime?call_id=rtc_1", Authorization="Bearer right")
    assert isinstance(verdict, RefusedByHttp)
    assert verdict.status == 404


async def _post(port: int, body: bytes, key: str = "right", pieces: int = 1) -> tuple[int, Any]:
    """Post to the place where keys are minted, the request cut into pieces."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = (
        f"POST /v1/realtime/client_secrets HTTP/1.1\r\nHost: x\r\nauthorization: Bearer {key}\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    ).encode() + body
    step = -(-len(request) // pieces)
    for start in range(0, len(request), step):
        writer.write(request[start : start + step])
        await writer.drain()
        await asyncio.sleep(0)
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    head, _, content = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(content)


def test_keys_are_minted_for_a_good_request_only() -> None:
    async def ask() -> None:
        simulator = Simulator(SimulatorConfig(api_key="right", responses=1))
        port = await simulator.start()
        body = b'{"expires_after":{"seconds":10},"session":{"type":"realtime"}}'
        for pieces in (1, 2, 7):
            status, minted = await _post(port, body, pieces=pieces)
            assert status == 200
            assert minted["value"].startswith("ek_")
            assert minted["session"]["object"] == "realtime.session"
        assert (await _post(port, body, key="wrong"))[0] == 401
        for bad in (b"[]", b"{", b'{"expires_after":{"seconds":1}}', b'{"session":{}}'):
            status, refused = await _post(port, bad)
            assert status == 400
            assert refused["error"]["type"] == "invalid_request_error"
        with pytest.raises(InvalidStatus, match="401"):
            await connect(f"ws://127.0.0.1:{port}/openai/v1/realtime?model=m")
        await simulator.stop()

    asyncio.run(ask())


@settings(max_examples=25)
@given(st.binary(max_size=80))
def test_posts_of_anything_end_only_their_connection(junk: bytes) -> None:
    async def ask() -> None:
        simulator = Simulator(SimulatorConfig(responses=1))
        port = await simulator.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST " + junk + b"\r\n\r\n")
        writer.write_eof()
        await asyncio.wait_for(reader.read(), 10)
        writer.close()
        await simulator.stop()

    asyncio.run(ask())


def _certificate(folder: Path) -> tuple[Path, Path]:
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return certificate, key


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate")
def test_certificate_makes_it_tls(tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path)

    async def greet() -> None:
        config = SimulatorConfig(certificate=certificate, private_key=key, responses=1)
        simulator = Simulator(config)
        port = await simulator.start()
        trusting = ssl.create_default_context(cafile=str(certificate))
        url = f"wss://127.0.0.1:{port}/v1/realtime?model=m"
        async with connect(url, ssl=trusting) as client:
            assert json.loads(await client.recv())["type"] == "session.created"
        await simulator.stop()

    asyncio.run(greet())


def test_certificate_that_cannot_be_read_is_bad_input(tmp_path: Path) -> None:
    async def start() -> None:
        await Simulator(SimulatorConfig(certificate=tmp_path / "none.pem", responses=1)).start()

    with pytest.raises(BadInput, match="certificate"):
        asyncio.run(start())


def test_transcription_is_asked_for_by_intent_and_names_no_model() -> None:
    verdict = _decide("/v1/realtime?intent=transcription", Authorization="Bearer right")
    assert verdict == Admitted("", transcribes=True)


@pytest.mark.parametrize("path", ["/v1/realtime", "/openai/v1/realtime"])
def test_translation_is_refused_by_name(path: str) -> None:
    verdict = _decide(f"{path}/translations?model=gpt-realtime-translate")
    assert isinstance(verdict, RefusedByHttp)
    assert "Translation" in verdict.text
    by_model = _decide("/v1/realtime?model=gpt-realtime-translate", Authorization="Bearer right")
    assert isinstance(by_model, RefusedByClose)
    assert (by_model.code, by_model.close_code) == ("invalid_model", 4000)
