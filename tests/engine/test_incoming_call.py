"""Applications that are told of a call by their webhook, on real sockets of this machine."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from harness import errors
from harness.dialects import SessionSettings, find_dialect
from harness.dialects.carriers.signature import signature
from harness.engine.incoming_call import behind_network, follow
from harness.engine.preflight import refusal, try_session
from harness.engine.route import Route, resolve_route
from harness.errors import BadInput, Fault, Party
from harness.simulator import Simulator, SimulatorConfig

TOKEN = "a-token-of-an-account"
Told = list[tuple[dict[str, str], dict[str, str]]]


def route_to(address: str, dialect: str = "twilio") -> Route:
    return resolve_route(address, find_dialect(dialect), SessionSettings(), frame_ms=20)


def twiml(url: str) -> str:
    parameter = '<Parameter name="who" value="Jane &amp; co"/>'
    return f'<Response><Connect><Stream url="{url}">{parameter}</Stream></Connect></Response>'


@asynccontextmanager
async def webhook(answer: str, status: str = "200 OK") -> AsyncIterator[tuple[str, Told]]:
    """Serve a webhook; what it was told are headers, in lower case, and form."""
    told: Told = []
    under_way = 0
    idle = asyncio.Event()
    idle.set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal under_way
        under_way += 1
        idle.clear()
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        pairs = (line.partition(": ") for line in head.split("\r\n")[1:] if line)
        headers = {name.lower(): value for name, _, value in pairs}
        body = await reader.readexactly(int(headers["content-length"]))
        told.append((headers, dict(parse_qsl(body.decode()))))
        content = answer.encode()
        # In chunks, as many frameworks answer.
        chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content)
        writer.write(f"HTTP/1.1 {status}\r\nTransfer-Encoding: chunked\r\n\r\n".encode() + chunks)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        under_way -= 1
        if not under_way:
            idle.set()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/voice", told
    finally:
        server.close()
        await idle.wait()


def run(errand: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(errand(), 30))


def test_a_call_is_announced_signed_and_its_stream_is_told_the_parameters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", TOKEN)
    starts: list[dict[str, Any]] = []
    upgrades: list[str] = []

    async def media(socket: ServerConnection) -> None:
        assert socket.request is not None
        upgrades.append(socket.request.headers["X-Twilio-Signature"])
        async for message in socket:
            said = json.loads(message)
            if said["event"] == "start":
                starts.append(said["start"])

    async def errand() -> None:
        async with serve(media, "127.0.0.1", 0) as server:
            stream = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/media"
            async with webhook(twiml(stream)) as (address, told):
                assert await try_session(route_to(address)) is None
            ((headers, form),) = told
            assert headers["x-twilio-signature"] == signature(TOKEN, address, form)
            assert upgrades == [signature(TOKEN, stream)]
            assert (form["CallStatus"], form["Direction"]) == ("ringing", "inbound")
            (start,) = starts
            assert start["customParameters"] == {"who": "Jane & co"}
            assert (start["callSid"], start["accountSid"]) == (form["CallSid"], form["AccountSid"])

    run(errand)


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        ("<Response><Reject/></Response>", "200 OK", "no <Connect><Stream>; it says <Reject>"),
        (twiml("ws://app.example.test/media"), "200 OK", "url is not wss"),
        (twiml("mailto:me"), "200 OK", "url is no address of a WebSocket"),
        ("signature", "403 Forbidden", "the webhook answered 403 Forbidden: signature"),
    ],
)
def test_a_webhook_that_leads_to_no_stream_is_refused_in_one_line(
    answer: str, status: str, words: str
) -> None:
    async def errand() -> None:
        async with webhook(answer, status) as (address, _):
            route = route_to(f"{address}?token=hidden-in-the-query")
            fault = await try_session(route)
            assert isinstance(fault, Fault)
            line = str(refusal(route, fault))
            assert line.startswith(f"{address}: ")
            assert words in line
            assert "hidden" not in line + repr(route)

    run(errand)


def test_an_application_that_is_not_there_is_refused_in_one_line() -> None:
    async def errand() -> None:
        async with webhook("") as (address, _):
            pass
        fault = await try_session(route_to(address))
        assert fault is not None
        assert "cannot be reached" in str(refusal(route_to(address), fault))

    run(errand)


def test_behind_a_network_every_call_goes_to_the_server_that_is_behind_it() -> None:
    async def errand() -> None:
        async with webhook(twiml("wss://media.example.test:444/a")) as (address, _):
            route = await behind_network(route_to(address))
            assert isinstance(route, Route)
            assert (route.target.host, route.target.port) == ("media.example.test", 444)
            assert route.address == address
            impaired = replace(route, via=("127.0.0.1", 9))
            assert route.webhook is not None
            words = route.dialect.open("0" * 32)
            found = await follow(impaired, route.webhook, words)
            assert isinstance(found, Route)
            assert found.via == ("127.0.0.1", 9)
            moved = replace(route.webhook, upstream=("other.example.test", 444))
            fault = await follow(impaired, moved, words)
            assert isinstance(fault, Fault)
            assert fault.code == "stream_moved"

    run(errand)


def created(address: str, **limits: Any) -> str:
    """Return what Vapi answers that has created a call."""
    transport = {"provider": "vapi.websocket", "websocketCallUrl": address}
    return json.dumps({"id": "call-1", "transport": transport, "subscriptionLimits": limits})


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("right-key-of-an-account", ""),
        ("wrong-key-of-an-account", "refused the key, sent as Authorization: Bearer"),
        ("", "none was sent (theirs/connect http_401: 401 Unauthorized: invalid_api_key"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_a_call_is_created_with_the_key_of_its_vendor(
    key: str, words: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAPI_API_KEY", key)

    async def errand() -> None:
        simulator = Simulator(SimulatorConfig(api_key="right-key-of-an-account"))
        port = await simulator.start()
        try:
            route = route_to(f"{scheme}://127.0.0.1:{port}", "vapi")
            fault = await try_session(route)
            assert (fault is None) is not bool(words)
            if fault is not None:
                line = str(refusal(route, fault))
                assert words in line
                assert key or "VAPI_API_KEY" in line
        finally:
            await simulator.stop()

    run(errand)


def test_a_call_that_the_vendor_queues_is_neither_dialled_nor_asked_for_again() -> None:
    async def errand() -> None:
        answer = created("ws://127.0.0.1:9/a/transport", concurrencyBlocked=True)
        async with webhook(answer, "201 Created") as (address, told):
            fault = await try_session(route_to(address, "vapi"))
            assert fault is not None
            # The second request takes it back.
            assert (fault.party, fault.code, len(told)) == (Party.THEIRS, "queued", 2)
            assert fault.detail.endswith("it was taken back")
            assert "raise the limit" in str(refusal(route_to(address, "vapi"), fault))

    run(errand)


def test_the_address_of_a_created_call_is_secret_and_shown_no_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VAPI_API_KEY", "key-of-an-account")
    monkeypatch.setattr(errors, "_tokens", {})
    shown: list[str | None] = []

    def refuse(socket: ServerConnection, request: Request) -> Response:
        shown.append(request.headers.get("Authorization"))
        return socket.respond(404, f"nothing at {request.path}")

    async def never(_socket: ServerConnection) -> None:
        raise AssertionError

    async def errand() -> None:
        async with serve(never, "127.0.0.1", 0, process_request=refuse) as server:
            port = server.sockets[0].getsockname()[1]
            answer = created(f"ws://127.0.0.1:{port}/7420f27a-30fd-4f49/transport")
            async with webhook(answer, "201 Created") as (address, told):
                fault = await try_session(route_to(address, "vapi"))
        assert fault is not None
        assert fault.detail == "404 Not Found: nothing at /[redacted]/transport"
        ((headers, _),) = told
        assert (headers["authorization"], shown) == ("Bearer key-of-an-account", [None])

    run(errand)


def test_behind_a_network_a_call_is_not_created_to_find_its_server() -> None:
    async def errand() -> None:
        route = route_to("https://api.vapi.ai", "vapi")
        found = await behind_network(route)
        assert isinstance(found, Route)
        assert found.webhook is not None
        assert found.webhook.upstream == ("api.vapi.ai", 443)

    run(errand)


@pytest.mark.parametrize("dialect", ["openai", "vonage"])
def test_where_there_are_no_webhooks_their_address_is_refused(dialect: str) -> None:
    with pytest.raises(BadInput, match=r"not called through a webhook .* Give the address of its"):
        route_to("https://app.example.test/voice?token=1", dialect)


def test_the_simulated_application_is_called_through_its_webhook() -> None:
    async def errand() -> None:
        simulator = Simulator(SimulatorConfig())
        port = await simulator.start()
        try:
            for carrier in ("twilio", "signalwire"):
                address = f"http://127.0.0.1:{port}/{carrier}/voice"
                assert await try_session(route_to(address, carrier)) is None
        finally:
            await simulator.stop()

    run(errand)
