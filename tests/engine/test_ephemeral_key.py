"""Ephemeral keys, made by the simulator and by servers of this machine that refuse to."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from harness.dialects import SessionSettings, find_dialect
from harness.engine.call import is_full
from harness.engine.ephemeral_key import MINT_FULL, mint
from harness.engine.preflight import refusal, try_session
from harness.engine.route import Route, resolve_route
from harness.errors import BadInput, Fault, redacted
from harness.simulator import Simulator, SimulatorConfig

T = TypeVar("T")
REAL = "the-real-key-of-a-backend"
TOKEN = "a-token-of.minutes_only"


def route_to(address: str, dialect: str = "openai") -> Route:
    return resolve_route(
        address, find_dialect(dialect), SessionSettings(), frame_ms=20, ephemeral_keys=True
    )


async def minted_at(
    answer: str, status: str = "200 OK", *, path: str = ""
) -> tuple[Route, Route | Fault, bytes]:
    """Mint at a server that answers so; return the route, what came of it, and what was asked."""
    asked = b""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        asked = head + await reader.readexactly(length)
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(answer)}\r\n\r\n".encode())
        writer.write(answer.encode())
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        route = route_to(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}{path}")
        assert route.minting is not None
        return route, await mint(route, route.minting), asked


def run(errand: Callable[[], Awaitable[T]]) -> T:
    async def bounded() -> T:
        async with asyncio.timeout(30):
            return await errand()

    return asyncio.run(bounded())


def test_a_session_is_opened_with_a_key_made_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_API_KEY", REAL)

    async def errand() -> None:
        simulator = Simulator(SimulatorConfig(api_key=REAL))
        address = f"ws://127.0.0.1:{await simulator.start()}"
        try:
            route = route_to(address)
            assert await try_session(route) is None
            assert route.minting is not None
            made = [await mint(route, route.minting) for _ in range(2)]
        finally:
            await simulator.stop()
        assert all(isinstance(one, Route) for one in made)
        shown = {dict(one.headers)["Authorization"] for one in made if isinstance(one, Route)}
        assert len(shown) == 2
        assert all(words.startswith("Bearer ek_") for words in shown)
        assert REAL not in str(shown) + repr(route) + repr(route.minting)

    run(errand)


def test_the_real_key_goes_to_the_mint_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_API_KEY", REAL)
    answer = json.dumps({"value": TOKEN})
    path = "/own/v1/realtime?model=m-1"
    route, made, asked = run(lambda: minted_at(answer, "201 Created", path=path))
    assert route.headers == ()
    assert isinstance(made, Route)
    assert made.headers == (("Authorization", f"Bearer {TOKEN}"),)
    assert asked.startswith(b"POST /own/v1/realtime/client_secrets HTTP/1.1\r\n")
    assert f"\r\nAuthorization: Bearer {REAL}\r\n".encode() in asked
    body = json.loads(asked.partition(b"\r\n\r\n")[2])
    assert body == {"session": {"type": "realtime", "model": "m-1"}}
    assert redacted(f"Incorrect API key: {TOKEN}.") == "Incorrect API key: [redacted].[redacted]."


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (
            '{"error": {"code": "invalid_api_key", "message": "Incorrect\\u0007key"}}',
            "401 Unauthorized",
            "no ephemeral key was made: 401 Unauthorized: invalid_api_key: Incorrect key",
        ),
        ("", "404 Not Found", "no ephemeral key was made: 404 Not Found"),
        (
            '{"error": {"code": "server_is_overloaded", "message": "Later"}}',
            "503 Service Unavailable",
            "no ephemeral key was made: 503 Service Unavailable: server_is_overloaded: Later",
        ),
        ('{"secret": "kept-out-of-words"}', "200 OK", "the answer holds no value"),
        ('{"value": "kept-out of-words"}', "200 OK", "is no bearer token"),
        ('["kept-out-of-words', "200 OK", "the answer holds no value"),
    ],
)
def test_where_none_is_made_it_is_told_in_one_line(answer: str, status: str, words: str) -> None:
    route, fault, _ = run(lambda: minted_at(answer, status))
    assert isinstance(fault, Fault)
    said = str(refusal(route, fault))
    assert said.startswith(f"{route.address}: ")
    assert words in said
    assert "--ephemeral-keys" in said
    assert "kept-out" not in said
    assert "\n" not in said
    assert "\a" not in said


def test_a_mint_with_too_much_to_do_is_tried_again() -> None:
    route, fault, _ = run(lambda: minted_at('{"error": "slow_down"}', "429 Too Many Requests"))
    assert isinstance(fault, Fault)
    assert fault.code == MINT_FULL
    assert is_full(None, fault)
    assert "--refusal-retries" in str(refusal(route, fault))


def test_a_target_that_refuses_the_key_it_made_is_named() -> None:
    route = route_to("ws://127.0.0.1:1")
    fault = Fault("theirs", "connect", "http_401", "401 Unauthorized")  # type: ignore[arg-type]
    assert "refused its own ephemeral key" in str(refusal(route, fault))


@pytest.mark.parametrize(
    ("address", "dialect", "words"),
    [
        ("wss://agent.example.test", "deepgram", "no ephemeral keys are made in the dialect"),
        ("https://app.example.test/voice", "twilio", "no ephemeral keys are made in the dialect"),
        ("wss://x.openai.azure.com", "azure", "no ephemeral keys are made in the dialect azure"),
        ("ws://api.example.test", "openai", "over wss or of this machine only"),
    ],
)
def test_what_makes_no_such_keys_is_refused_in_one_line(
    address: str, dialect: str, words: str
) -> None:
    with pytest.raises(BadInput, match=words) as refused:
        route_to(address, dialect)
    assert "--ephemeral-keys" in str(refused.value)
