"""The audio engine with real sockets, without Locust."""

import json
import subprocess
import sys
import textwrap
from typing import Any

import pytest

from harness.dialects import OpenAIRealtime, SessionSettings
from harness.dialects.base64_audio import Base64Audio
from harness.engine.call import Call, CallEvents
from harness.engine.route import Route
from harness.model import EXACT, AudioFormat, CallPlan
from harness.session import Caller, EncodedUtterance, WireFormat
from harness.transport import parse_target

MS = 1_000_000

ENGINE = """
import json, asyncio, threading
import gevent
from websockets.sync.server import serve
import numpy as np
from harness.clock import now_ns
from harness.dialects import OpenAIRealtime, SessionSettings
from harness.engine.route import Route
from harness.engine.engine import AudioEngine
from harness.model import CallPlan
from harness.session import EncodedUtterance, WireFormat, Caller
from harness.transport import parse_target, ready_message

{server}

dialect = OpenAIRealtime()
silence = ready_message(dialect.append_audio(bytes(960)))
wire_format = WireFormat(
    silence=silence,
    frame_samples=480,
    audio=dialect.audio,
    new_decoder=dialect.decoder,
    limit_ns=2_000_000_000,
)

def session(number):
    utterance = EncodedUtterance(
        utterance_id="u", messages=[silence] * 10, onset_sample=10, end_sample=4_000
    )
    plan = CallPlan(number=number, network="none", utterance_ids=("u",), think_ms=(0.0,))
    return Caller(
        plan,
        [utterance],
        wire_format=wire_format,
        origin_ns=now_ns(),
        scheduled_ns=now_ns(),
    )

server = serve(handle, "127.0.0.1", 0)
threading.Thread(target=server.serve_forever, daemon=True).start()
target = parse_target("ws://127.0.0.1:%d" % server.socket.getsockname()[1], "/v1/realtime")
route = Route(target=target, headers=(), dialect=dialect, settings=SessionSettings())
engine = AudioEngine()
engine.start()
sessions = [session(number) for number in range({calls})]
{before}
for one in sessions:
    engine.hold(one, route)
records, turns = [], []
give_up_ns = now_ns() + 40_000_000_000
while len(records) < len(sessions) and now_ns() < give_up_ns:
    gevent.sleep(0.02)
    for outcome in engine.take_outcomes():
        turns += outcome.turns
        if outcome.session is not None:
            records.append(outcome.session)
engine.stop()
durations = engine.take_histograms()["send_lateness"].summary()
print(json.dumps({{
    "sent": sum(record.frames_sent for record in records),
    "recorded": None if durations is None else durations.n,
    "faults": {{r.session_id: None if r.fault is None else str(r.fault) for r in records}},
    "turns": [turn.status for turn in turns],
}}))
"""

ANSWERING = """
import base64
LOUD = base64.b64encode(np.tile(np.array([7000, -7000], "<i2"), 1200).tobytes()).decode()

def handle(ws):
    ws.send('{"type":"session.created","session":{"id":"sess_1","type":"realtime"}}')
    for count, _ in enumerate(ws):
        if count == 25:
            ws.send('{"type":"response.created","response":{"id":"r1"}}')
            ws.send(json.dumps({"type": "response.output_audio.delta", "response_id": "r1",
                                "item_id": "i", "delta": LOUD}))
            ws.send('{"type":"response.done","response":{"id":"r1","status":"completed"}}')
"""

HOSTILE = """
import itertools
turn = itertools.count()

def handle(ws):
    ws.send('{"type":"session.created","session":{"id":"sess_1","type":"realtime"}}')
    number = next(turn)
    if number % 2:
        for _ in range(200):
            ws.send("{not json")
            ws.send(b"\\x00\\x01")
            ws.send('{"type":"response.output_audio.delta","delta":"%%%"}')
            ws.send('{"type":"never.heard.of"}')
    for count, _ in enumerate(ws):
        if count == 25:
            ws.close(1011, "going down")
            return
"""


def run(server: str, calls: int, before: str = "") -> dict[str, Any]:
    """Run the script in a process of its own: gevent wants to be the first in a process."""
    text = ENGINE.format(server=textwrap.dedent(server), calls=calls, before=before)
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def test_every_frame_that_is_sent_is_in_the_histogram() -> None:
    result = run(ANSWERING, calls=6)
    assert result["turns"] == ["completed"] * 6
    assert result["recorded"] == result["sent"] > 6 * 25
    assert set(result["faults"].values()) == {None}


def test_junk_and_closes_cost_their_own_session_and_name_the_fault() -> None:
    result = run(HOSTILE, calls=6)
    assert len(result["faults"]) == 6
    assert all("close_1011" in fault for fault in result["faults"].values())
    assert result["turns"] == ["closed"] * 6


def test_a_crash_of_one_session_never_touches_another() -> None:
    broken = "sessions[2].tick = None"
    result = run(ANSWERING, calls=6, before=broken)
    faults = result["faults"]
    assert "ours/" in faults.pop("call-000002")
    assert set(faults.values()) == {None}
    assert result["turns"].count("completed") == 5


def test_calls_that_are_cut_off_all_end_and_say_so() -> None:
    result = run(ANSWERING, calls=20, before="gevent.spawn_later(0.3, engine.abandon)")
    assert len(result["faults"]) == 20
    assert all(fault.endswith("stopped: the run ended") for fault in result["faults"].values())


CONNECTING_ONCE_FAILS = """
from harness.engine import call
connect, fails = call.connect, iter([True])

async def connect_or_fail(*arguments, **rest):
    if next(fails, False):
        raise RuntimeError("nobody foresaw this")
    return await connect(*arguments, **rest)

call.connect = connect_or_fail
"""


def test_a_session_that_crashes_while_it_is_opened_ends_too() -> None:
    result = run(ANSWERING, calls=3, before=CONNECTING_ONCE_FAILS)
    broken = [fault for fault in result["faults"].values() if fault is not None]
    assert len(result["faults"]) == 3
    assert len(broken) == 1
    assert "nobody foresaw this" in broken[0]


@pytest.mark.parametrize("message", [b"{not json", b'{"type":"never.heard.of"}'])
def test_frames_leave_after_every_message_even_one_that_nobody_can_read(message: bytes) -> None:
    sent: list[bytes] = []
    events = CallEvents(
        ready=lambda call, stream: None,
        reconnect=lambda call, wait_s: None,
        outcome=lambda call, outcome: None,
        message_done=lambda: sent.append(b"frame"),
    )
    dialect, settings = OpenAIRealtime(), SessionSettings()
    target = parse_target("ws://127.0.0.1:1", dialect.path(settings))
    route = Route(target=target, headers=(), dialect=dialect, settings=settings)
    plan = CallPlan(number=0, network="none", utterance_ids=("u",), think_ms=(0.0,))
    wire_format = WireFormat(
        silence=b"",
        frame_samples=480,
        audio=AudioFormat(24_000),
        new_decoder=Base64Audio,
        limit_ns=MS,
    )
    utterance = EncodedUtterance(utterance_id="u", messages=[b""], onset_sample=0, end_sample=1)
    session = Caller(plan, [utterance], wire_format=wire_format, origin_ns=0, scheduled_ns=0)
    Call(session, route, events).message(message, 0, EXACT)
    assert sent == [b"frame"]
