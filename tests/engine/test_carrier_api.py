"""Applications that end calls over the carrier's REST API, on a real socket."""

import asyncio
import base64
import http.client
import json
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.server import ServerConnection, serve

from harness.engine.carrier_api import CarrierApi
from harness.errors import BadInput, Fault, Party
from tests.load.conftest import lines_of, only_run, run_locust

CALL = "CA0123456789abcdef"
PATH = f"/2010-04-01/Accounts/AC1/Calls/{CALL}.json"
TOKEN = "a-token-of-an-account"
SHOWN = "Basic " + base64.b64encode(f"AC1:{TOKEN}".encode()).decode()


async def _ask(
    path: str, body: str, authorization: str = "", method: str = "POST"
) -> tuple[int, dict[str, Any], list[tuple[str, Fault]]]:
    ended: list[tuple[str, Fault]] = []

    def hang_up(name: str, why: Fault) -> bool:
        ended.append((name, why))
        return name == CALL

    api = CarrierApi(TOKEN if authorization else None, hang_up)
    port = await api.listen("127.0.0.1", 0)
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}"]
        lines += [f"Authorization: {authorization}"] if authorization else []
        writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
        head, _, content = (await asyncio.wait_for(reader.read(), 30)).partition(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()
        return int(head.split()[1]), json.loads(content), ended
    finally:
        api.close()


def test_a_call_is_ended_by_its_name_and_whose_doing_it_was_is_told() -> None:
    status, told, ended = asyncio.run(_ask(PATH, "Status=completed"))
    assert (status, told["sid"], told["status"]) == (200, CALL, "completed")
    ((name, why),) = ended
    assert (name, why.party, why.code) == (CALL, Party.THEIRS, "hung_up")
    assert asyncio.run(_ask(f"{PATH}?x=1".replace(".json", ""), "Status=canceled"))[0] == 200
    assert asyncio.run(_ask(PATH, "Status=completed", SHOWN))[0] == 200


@pytest.mark.parametrize(
    ("path", "body", "authorization", "method", "status"),
    [
        (PATH.replace(CALL, "CA9"), "Status=completed", "", "POST", 404),
        (PATH, "Status=in-progress", "", "POST", 400),
        (PATH, "Twiml=%3CResponse%2F%3E", "", "POST", 400),
        (PATH, "Status=completed", "", "GET", 404),
        ("/", "Status=completed", "", "POST", 404),
        (PATH, "Status=completed", "Basic " + base64.b64encode(b"AC1:wrong").decode(), "POST", 401),
        (PATH, "Status=completed", "Basic ???", "POST", 401),
    ],
)
def test_anything_else_ends_no_call(
    path: str, body: str, authorization: str, method: str, status: int
) -> None:
    found, told, ended = asyncio.run(_ask(path, body, authorization, method))
    assert (found, told["status"]) == (status, status)
    assert [name for name, _ in ended if name == CALL] == []


def test_a_port_that_is_taken_is_bad_input() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        api = CarrierApi(None, lambda _name, _why: False)
        with pytest.raises(BadInput, match=f"--carrier-api 127.0.0.1:{port}: cannot listen"):
            asyncio.run(api.listen("127.0.0.1", port))


def test_an_application_ends_a_call_and_its_turns_say_who_did(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    stopped: list[str] = []

    def application(caller: ServerConnection) -> None:
        start: dict[str, str] = {}
        for number, text in enumerate(caller):
            said = json.loads(text)
            if said["event"] == "start":
                start = said["start"]
            elif said["event"] == "stop":
                stopped.append(said["stop"]["callSid"])
            elif number == 40:
                path = f"/2010-04-01/Accounts/{start['accountSid']}/Calls/{start['callSid']}.json"
                asked = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                asked.request("POST", path, "Status=completed")
                assert asked.getresponse().status == 200
                asked.close()

    with serve(application, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        host = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/media"
        run_locust(
            *("--host", host, "--dialect", "twilio", "--carrier-api", str(port)),
            *("-u", "1", "--calls", "1", "--turns", "3"),
            reports=tmp_path,
        )
        server.shutdown()
    turns = lines_of(only_run(tmp_path) / "turns.jsonl")
    assert [turn["status"] for turn in turns] == ["closed", "dropped", "dropped"]
    assert {turn["fault"]["code"] for turn in turns} == {"hung_up"}
    assert {turn["fault"]["party"] for turn in turns} == {"theirs"}
    # The visit before the run ended with a stop of its own.
    assert len(stopped) == 2
