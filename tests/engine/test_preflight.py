import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol

from harness.dialects import OpenAIRealtime, SessionSettings, SessionWishes, find_dialect
from harness.engine.preflight import Visit, refusal, try_session, visit
from harness.engine.route import Route, resolve_route
from harness.errors import Fault, Party, Phase

CREATED = '{"type":"session.created","event_id":"e","session":{"id":"s","model":"m"}}'


def route(port: int, **rest: object) -> Route:
    settings = SessionSettings(model="m")
    host = f"ws://127.0.0.1:{port}"
    return resolve_route(host, OpenAIRealtime(), settings, frame_ms=20, **rest)  # type: ignore[arg-type]


def look(handler: Callable[[ServerConnection], Awaitable[None]], **rest: object) -> Fault | None:
    async def held() -> Fault | None:
        async with serve(handler, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            return await try_session(route(port, **rest))

    return asyncio.run(held())


async def create(server: ServerConnection) -> None:
    await server.send(CREATED)
    await server.wait_closed()


def test_a_server_that_opens_a_session_is_no_fault() -> None:
    assert look(create) is None


def test_a_server_that_says_nothing_is_waited_for_as_long_as_asked() -> None:
    async def nothing(server: ServerConnection) -> None:
        await server.wait_closed()

    fault = look(nothing, setup_limit_s=0.2)
    assert fault is not None
    assert fault.code == "no_session"
    assert fault.detail == "no session within 0.2 s: the upgrade was accepted, and no message came"
    assert "--setup-limit-s" in str(refusal(route(1), fault))


def test_messages_that_open_no_session_are_shown() -> None:
    async def speak(server: ServerConnection) -> None:
        await server.send('[{"type":"session.created"}]')
        await server.wait_closed()

    fault = look(speak, setup_limit_s=0.3)
    assert fault is not None
    assert 'came that open none, the first: [{"type":"session.created"}]' in fault.detail
    assert "Check --dialect, here openai-realtime" in str(refusal(route(1), fault))


def test_a_proxy_that_is_not_there_is_named() -> None:
    fault = Fault(Party.NETWORK, Phase.CONNECT, "no_proxy", "127.0.0.1:1: refused")
    assert "the proxy cannot be reached" in str(refusal(route(1), fault))


def test_a_refused_key_says_how_it_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Fault(Party.THEIRS, Phase.CONNECT, "http_401", "401 Unauthorized")
    monkeypatch.setenv("HARNESS_API_KEY", "example-key-1")
    said = str(refusal(route(1), wrong))
    assert "sent as Authorization: Bearer" in said
    assert "--key-header" in said
    assert "sent as api-key" in str(refusal(route(1, key_header="api-key"), wrong))
    monkeypatch.delenv("HARNESS_API_KEY")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert "none was sent" in str(refusal(route(1), wrong))


def test_a_proxy_that_wants_credentials_says_where_they_go() -> None:
    fault = Fault(Party.NETWORK, Phase.CONNECT, "proxy_refused", "HTTP/1.1 407 Required")
    assert "http://USER:PASSWORD@HOST:PORT" in str(refusal(route(1), fault))


def test_the_key_reaches_the_server_in_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_API_KEY", "example-key-1")

    def check(server: ServerConnection, request: Request) -> Response | None:
        if request.headers.get("api-key") == "example-key-1":
            return None
        return server.respond(HTTPStatus.UNAUTHORIZED, "no")

    async def held() -> list[Fault | None]:
        async with serve(create, "127.0.0.1", 0, process_request=check) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            asked = (route(port), route(port, key_header="api-key"))
            return [await try_session(one) for one in asked]

    refused, opened = asyncio.run(held())
    assert refused is not None
    assert refused.code == "http_401"
    assert opened is None


class OneSlot:
    """A server that has room for one session, and frees it a moment after it has closed."""

    def __init__(self, refusals: int = 0) -> None:
        self.refused, self._refusals = 0, refusals

    async def take(self, server: ServerConnection) -> None:
        if self.refused < self._refusals:
            self.refused += 1
            await server.close(1008, "session_limit_reached")
            return
        await create(server)


class SlowToClose:
    """A server that answers the goodbye at once, and closes the connection when it has done."""

    def __init__(self) -> None:
        self.done = False

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = ServerProtocol()
        request = None
        while not server.close_rcvd:
            server.receive_data(await reader.read(4096))
            for event in server.events_received():
                if isinstance(event, Request):
                    request = event
                    server.send_response(server.accept(event))
                    server.send_text(CREATED.encode())
            writer.write(b"".join(server.data_to_send()))
        assert request is not None
        await asyncio.sleep(0.1)
        self.done = True
        writer.close()


class AnswersLate:
    """A carrier's application that has lost what comes together with the upgrade request."""

    def __init__(self) -> None:
        self.before_the_answer = b"not asked"
        self.said: list[str] = []

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = ServerProtocol()
        server.receive_data(await reader.readuntil(b"\r\n\r\n"))
        try:
            self.before_the_answer = await asyncio.wait_for(reader.read(1), 0.1)
        except TimeoutError:
            self.before_the_answer = b""
        (request,) = server.events_received()
        assert isinstance(request, Request)
        server.send_response(server.accept(request))
        while not server.close_rcvd:
            writer.write(b"".join(server.data_to_send()))
            server.receive_data(await reader.read(4096))
            frames = [event for event in server.events_received() if isinstance(event, Frame)]
            self.said += [bytes(f.data).decode() for f in frames if f.opcode is Opcode.TEXT]
        writer.write(b"".join(server.data_to_send()))
        writer.close()


def test_a_carrier_speaks_when_the_upgrade_has_been_accepted_and_not_before() -> None:
    late = AnswersLate()

    async def held() -> Fault | None:
        async with await asyncio.start_server(late.take, "127.0.0.1", 0) as server:
            host = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            dialect = find_dialect("twilio")
            return await try_session(resolve_route(host, dialect, SessionSettings(), frame_ms=20))

    assert asyncio.run(held()) is None
    assert late.before_the_answer == b""
    assert [json.loads(text)["event"] for text in late.said] == ["connected", "start", "stop"]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (None, "the target wants a key, and none was sent .* Set the API's key in A2A_API_KEY"),
        ("12345-token", "the target refused the key, sent as Authorization: Bearer .*"),
    ],
)
def test_a_missing_key_is_told_from_a_wrong_one_beside_other_headers(
    key: str | None, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("A2A_API_KEY", "HARNESS_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    if key is not None:
        monkeypatch.setenv("A2A_API_KEY", key)
    dialect = find_dialect("amazon-connect")
    asked = resolve_route("ws://127.0.0.1:1", dialect, SessionSettings(), frame_ms=20)
    fault = Fault(Party.THEIRS, Phase.CONNECT, "http_401", "Unauthorized")
    said = str(refusal(asked, fault)).replace("\n", " ")
    assert re.search(words, said)
    assert "12345-token" not in said


def test_our_own_session_has_ended_at_the_server_before_load_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("harness.engine.preflight._SLOT_PAUSE_S", 0)
    slow = SlowToClose()

    async def held() -> Fault | None:
        async with await asyncio.start_server(slow.take, "127.0.0.1", 0) as server:
            fault = await try_session(route(server.sockets[0].getsockname()[1]))
            assert slow.done
            return fault

    assert asyncio.run(held()) is None


def test_a_server_without_room_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.engine.preflight._FIRST_WAIT_S", 0.01)
    busy = OneSlot(refusals=2)
    assert look(busy.take) is None
    assert busy.refused == 2


def test_a_server_that_never_has_room_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.engine.preflight._FIRST_WAIT_S", 0.01)
    busy = OneSlot(refusals=9)
    fault = look(busy.take, refusal_retries=1)
    assert busy.refused == 2
    assert fault is not None
    said = str(refusal(route(1, refusal_retries=1), fault))
    assert "refused 2 times" in said
    assert "session_limit_reached" in said
    assert "--refusal-retries" in said


UPDATED = {"type": "realtime", "audio": {"output": {"speed": 1.0}}}


def configured(answer: dict[str, object], speed: float = 1.1) -> Visit:
    """Return what is found at a server that gives this answer to `session.update`."""

    async def talk(server: ServerConnection) -> None:
        await server.send(CREATED)
        update = json.loads(await server.recv())
        assert update["session"]["audio"]["output"]["speed"] == speed
        await server.send(json.dumps(answer))
        await server.wait_closed()

    async def held() -> Visit:
        async with serve(talk, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            wishes = SessionWishes.of({"audio": {"output": {"speed": speed}}}, "A.session")
            settings = SessionSettings(model="m", wishes=wishes)
            asked = resolve_route(f"ws://127.0.0.1:{port}", OpenAIRealtime(), settings, frame_ms=20)
            return await visit(asked)

    return asyncio.run(held())


def test_settings_that_take_hold_are_told_with_what_was_confirmed() -> None:
    found = configured({"type": "session.updated", "session": UPDATED}, speed=1.0)
    assert (found.fault, found.acknowledged) == (None, True)
    assert [(row.name, row.acknowledged) for row in found.answers] == [("speed", "1.0")]


def test_settings_that_are_refused_are_told_with_the_servers_words() -> None:
    error = {"type": "invalid_request_error", "code": "too_fast", "message": "Too fast.",
             "event_id": "event_harness_settings"}  # fmt: skip
    found = configured({"type": "error", "error": error})
    assert found.is_of_settings
    assert found.fault is not None
    said = str(refusal(route(1), found.fault))
    assert "too_fast: Too fast." in said
    assert "--allow-differences" in said


def test_settings_that_are_confirmed_otherwise_are_a_fault() -> None:
    found = configured({"type": "session.updated", "session": UPDATED})
    assert found.is_of_settings
    assert found.fault is not None
    assert "speed is 1.0, asked for 1.1" in str(refusal(route(1), found.fault))


def test_a_server_that_says_nothing_to_the_settings_is_gone_on_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("harness.engine.preflight._ACKNOWLEDGE_LIMIT_S", 0.2)
    found = configured({"type": "rate_limits.updated"})
    assert (found.fault, found.acknowledged, found.answers) == (None, False, ())
