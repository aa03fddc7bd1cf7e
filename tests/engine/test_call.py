"""A scripted call against the real simulator, held against what that knows to be true."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from harness.dialects import OpenAIRealtime, SessionSettings, find_dialect
from harness.engine.call import Call, CallEvents, Outcome
from harness.engine.route import resolve_route
from harness.errors import Fault, Party, Phase
from harness.model import (
    EXACT,
    BargeIn,
    CarrierAccount,
    Run,
    TruthRecord,
    TurnKind,
    TurnRecord,
    TurnStatus,
)
from harness.recording import read_run, read_truth
from harness.session import Link
from tests.load.conftest import MachineTooBusy, check_held, run_locust
from tests.session.answering import new_session

MS = 1_000_000
# A machine that does ten other things may be this late; what a test would miss is seconds off.
SLACK_MS = 150
LONGEST_RESPONSE_MS = 2_200

# The backchannel after turn 1 is a turn of its own to the simulator.
THEIR_TURN = {0: 0, 1: 1, 2: 3}
SIMULATOR = """
[latency]
shift_ms = 300.0
median_ms = 80.0
sigma = 0.2
[tools]
turns = [3]
preamble = 0.5
[faults]
deaf = { turn = 3 }
"""
FIRST, SECOND = 'say = { id = "synthetic-13" }', 'say = { id = "synthetic-16" }'
SCRIPT = f"""
name = "acted"
think = {{ low_ms = 0, high_ms = 50 }}
[[turn]]
{FIRST}
barge_in = {{ low_ms = 300, high_ms = 500 }}
[[turn]]
{SECOND}
backchannels = {{ every_ms = 400 }}
[[turn]]
{FIRST}
expect_tool = "look_up"
tool_takes = {{ low_ms = 100, high_ms = 200 }}
barge_in = {{ low_ms = 700, high_ms = 800 }}
[[turn]]
{SECOND}
"""
SCENARIO = """
from pathlib import Path
from harness.load import VoiceUser

class Caller(VoiceUser):
    script = Path(__file__).with_name("script.toml")
"""


def true_response(turn: TurnRecord, truth: list[TruthRecord], *, last: bool) -> TruthRecord:
    """Return the first or the last response that the simulator gave in a turn."""
    key = turn.provider_ids["session"], THEIR_TURN[turn.turn_index]
    found = [response for response in truth if (response.session_id, response.turn_index) == key]
    return found[-1 if last else 0]


def off_ms(run: Run, measured_ns: int | None, true_ns: int | None) -> float:
    assert measured_ns is not None
    assert true_ns is not None
    return (measured_ns + run.manifest.origin_ns - true_ns) / MS


def check_interruption(run: Run, old: TurnRecord, new: TurnRecord, heard: TruthRecord) -> None:
    assert old.behaviour is not None
    assert old.behaviour.barge_in is BargeIn.STOPPED
    assert new.kind is TurnKind.BARGE_IN
    assert old.counts.samples_unheard > 0
    assert old.at.playout_end_ns == new.at.audio_stopped_ns
    assert -1 < off_ms(run, new.at.audio_stopped_ns, heard.heard_start_ns) < SLACK_MS
    onset_ns, first_ns = new.at.barge_in_onset_ns, old.at.first_audible_ns
    assert onset_ns == new.at.speech_onset_ns
    assert onset_ns is not None
    assert first_ns is not None
    assert 300 <= (onset_ns - first_ns) / MS < 500 + 20 + SLACK_MS


def late(turn: TurnRecord) -> bool:
    return turn.send_lateness_max_ns is not None and turn.send_lateness_max_ns > 20 * MS


def said_before(first: TruthRecord) -> bool:
    """Tell whether something was said before a tool was called."""
    return first.first_audible_heard_ns is not None


def check_tool(run: Run, turn: TurnRecord, truth: list[TruthRecord]) -> None:
    assert turn.behaviour is not None
    assert (turn.kind, turn.behaviour.tools) == (TurnKind.TOOL, ("look_up",))
    at, answer = turn.at, true_response(turn, truth, last=True)
    first = true_response(turn, truth, last=False)
    # An answer that comes while the word before it still plays is heard after that.
    waits_ms = LONGEST_RESPONSE_MS if said_before(first) else 0
    error_ms = off_ms(run, at.answer_audible_ns, answer.first_audible_heard_ns)
    assert -1 < error_ms < SLACK_MS + waits_ms
    assert at.tool_call_ns is not None
    assert at.tool_result_sent_ns is not None
    assert 100 <= (at.tool_result_sent_ns - at.tool_call_ns) / MS < 200 + 20 + SLACK_MS
    if said_before(first):
        assert -1 < off_ms(run, at.first_audible_ns, first.first_audible_heard_ns) < SLACK_MS
    else:
        assert at.first_audible_ns == at.answer_audible_ns


def check_deaf(old: TurnRecord, new: TurnRecord) -> None:
    assert old.behaviour is not None
    assert old.behaviour.barge_in is BargeIn.DEAF
    assert old.counts.samples_unheard == 0
    assert new.kind is TurnKind.BARGE_IN
    assert (new.at.audio_stopped_ns, new.at.barge_in_ack_ns) == (None, None)
    assert new.at.talked_over_ns == old.at.playout_end_ns
    assert (new.status, new.fault is None) == (TurnStatus.NO_REPLY, False)


def test_interruptions_backchannels_and_tools_are_measured_as_they_truly_were(
    serve: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "simulator.toml").write_text(SIMULATOR)
    (tmp_path / "script.toml").write_text(SCRIPT)
    host = serve(
        *("--config", str(tmp_path / "simulator.toml")), "--truth", str(tmp_path / "truth.jsonl")
    )
    (tmp_path / "acted.py").write_text(SCENARIO)
    done = run_locust(
        *("--host", host, "--silence-ms", "200"),
        *("-u", "4", "-r", "20", "--calls", "4", "--turn-limit-s", "2"),
        reports=tmp_path / "r",
        scenario=tmp_path / "acted.py",
    )
    folder = check_held(done, tmp_path / "r")
    run, truth = read_run(folder), list(read_truth(tmp_path))
    calls = [
        sorted((t for t in run.turns if t.session_id == name), key=lambda t: t.turn_index)
        for name in sorted({turn.session_id for turn in run.turns})
    ]
    assert [len(turns) for turns in calls] == [4] * 4
    # What a stall of this machine spoiled says so, and proves nothing.
    calm = [turns for turns in calls if not any(late(turn) for turn in turns)]
    if not calm:
        raise MachineTooBusy
    for old, new, tool, last in calm:
        assert {turn.status for turn in (old, new, tool)} == {TurnStatus.COMPLETED}
        check_interruption(run, old, new, true_response(new, truth, last=False))
        assert new.behaviour is not None
        assert (new.behaviour.backchannels, new.behaviour.backchannels_taken) == (1, 1)
        check_tool(run, tool, truth)
        # The simulator believes that its answer began at once, also where it had to wait.
        if not said_before(true_response(tool, truth, last=False)):
            check_deaf(tool, last)
    before = {said_before(true_response(turns[2], truth, last=False)) for turns in calls}
    assert before == {True, False}, "calls with and without a word before them"
    assert "barge-in" in done.stdout
    assert "tool_gap" in done.stdout


COMMITTING = """
from harness import Dialogue, VoiceUser

class Caller(VoiceUser):
    dialogue = Dialogue(turns=2, think_ms=(0, 50))
    session = {"audio": {"input": {"turn_detection": None}}}
"""


def test_a_caller_who_commits_by_hand_is_measured_as_it_truly_was(
    serve: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "simulator.toml").write_text("[latency]\nshift_ms = 100.0\nmedian_ms = 50.0\n")
    host = serve(
        *("--config", str(tmp_path / "simulator.toml")), "--truth", str(tmp_path / "truth.jsonl")
    )
    (tmp_path / "committing.py").write_text(COMMITTING)
    done = run_locust(
        *("--host", host, "-u", "2", "-r", "20", "--calls", "2"),
        reports=tmp_path / "r",
        scenario=tmp_path / "committing.py",
    )
    run = read_run(check_held(done, tmp_path / "r"))
    assert run.manifest.settings["turn_detection"] == "none: callers commit"
    truth = {(one.session_id, one.turn_index): one for one in read_truth(tmp_path)}
    calm = [turn for turn in run.turns if not late(turn)]
    assert len(run.turns) == 4
    if not calm:
        raise MachineTooBusy
    for turn in calm:
        true = truth[turn.provider_ids["session"], turn.turn_index]
        assert turn.status is TurnStatus.COMPLETED
        assert turn.at.server_endpoint_ns is None
        # Committed with the speech, before any silence that a server would wait for.
        assert -SLACK_MS < off_ms(run, turn.at.commit_sent_ns, true.endpoint_ns) < 1
        assert -1 < off_ms(run, turn.at.first_audio_ns, true.first_audio_released_ns) < SLACK_MS
        assert -1 < off_ms(run, turn.at.first_audible_ns, true.first_audible_heard_ns) < SLACK_MS


class Refused:
    """A call in the hands of an engine that writes down what it is asked to do."""

    def __init__(self, retries: int) -> None:
        self.again: list[float] = []
        self.records: list[Any] = []
        events = CallEvents(
            ready=lambda call, stream: None,
            reconnect=lambda call, wait_s: self.again.append(wait_s),
            outcome=lambda call, outcome: self.records.append(outcome.session),
            message_done=lambda: None,
        )
        self.link = Link(seed=1)
        session: Any = SimpleNamespace(
            id="call-000000",
            link=self.link,
            phase=lambda: Phase.SETUP,
            lost=lambda at_ns, fault: None,
            closed=lambda at_ns, fault, code: fault.code,
            take_turns=tuple,
            conversation=SimpleNamespace(take_heard=list),
            tools=None,
        )
        host_name, settings = "ws://127.0.0.1:1", SessionSettings()
        route = resolve_route(
            host_name, OpenAIRealtime(), settings, frame_ms=20, refusal_retries=retries
        )
        self.call = Call(session, route, events)

    def refuse(self, close_code: int | None, code: str) -> None:
        self.call.gone(1, close_code, Fault(Party.THEIRS, Phase.CLOSE, code, "full"))


@pytest.mark.parametrize(("close_code", "code"), [(1008, "close_1008"), (None, "http_429")])
def test_a_call_without_room_is_tried_again_and_then_written_down(
    close_code: int | None, code: str
) -> None:
    refused = Refused(retries=2)
    for _ in range(3):
        refused.refuse(close_code, code)
    assert len(refused.again) == 2
    assert refused.records == [code]
    assert refused.link.refusals == 3


def test_a_call_that_was_refused_for_good_is_written_down_at_once() -> None:
    refused = Refused(retries=2)
    refused.refuse(3000, "close_3000")
    assert (refused.again, refused.records) == ([], ["close_3000"])


def test_a_session_that_existed_is_not_refused_by_its_close() -> None:
    refused = Refused(retries=2)
    refused.link.created(1)
    refused.refuse(1008, "close_1008")
    assert (refused.again, refused.records) == ([], ["close_1008"])


@pytest.mark.parametrize(("through_proxy", "code"), [(True, "no_proxy"), (False, "no_session")])
def test_a_limit_that_is_reached_says_how_far_opening_came(through_proxy: bool, code: str) -> None:
    async def wait() -> Fault | None:
        # It takes connections and says nothing: no tunnel as a proxy, no session as a server.
        with socket.create_server(("127.0.0.1", 0)) as silent:
            over: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            session: Any = SimpleNamespace(
                id="call-000000",
                link=Link(seed=1),
                ready=False,
                lost=lambda at_ns, fault: None,
                closed=lambda at_ns, fault, code: fault,
                take_turns=tuple,
                conversation=SimpleNamespace(take_heard=list),
                tools=None,
            )
            events = CallEvents(
                ready=lambda call, stream: None,
                reconnect=lambda call, wait_s: None,
                outcome=lambda call, outcome: over.set_result(outcome.session),
                message_done=lambda: None,
            )
            host, port = silent.getsockname()
            route = replace(
                resolve_route(
                    f"ws://{host}:{port}",
                    OpenAIRealtime(),
                    SessionSettings(),
                    frame_ms=20,
                    setup_limit_s=0.2,
                ),
                via=(host, port),
                tunnel=through_proxy,
            )
            await Call(session, route, events).open()
            async with asyncio.timeout(10):
                fault: Fault | None = await over
                return fault

    fault = asyncio.run(wait())
    assert fault is not None
    assert fault.code == code


@dataclass(frozen=True)
class Closed:
    """What is recorded of a call behind a carrier, as far as it matters here."""

    fault: Fault | None
    carrier: CarrierAccount | None = None


def test_a_session_that_an_agent_refuses_is_not_waited_for() -> None:
    async def refuses(server: ServerConnection) -> None:
        await server.recv()
        await server.send('{"jsonrpc":"2.0","id":"1","error":{"code":-32000,"message":"full"}}')
        await server.wait_closed()

    async def held() -> Fault | None:
        over: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        session: Any = SimpleNamespace(
            id="call-000000",
            link=Link(seed=1),
            ready=False,
            phase=lambda: Phase.SETUP,
            receive=lambda event, at_ns, bound: None,
            has_news=False,
            closed=lambda at_ns, fault, code: Closed(fault),
            take_turns=tuple,
            conversation=SimpleNamespace(take_heard=list),
            tools=None,
        )
        events = CallEvents(
            ready=lambda call, stream: None,
            reconnect=lambda call, wait_s: None,
            outcome=lambda call, outcome: over.set_result(outcome.session),
            message_done=lambda: None,
        )
        async with serve(refuses, "127.0.0.1", 0) as server:
            host = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
            dialect = find_dialect("amazon-connect")
            route = resolve_route(
                host, dialect, SessionSettings(), frame_ms=20, setup_limit_s=600.0
            )
            await Call(session, route, events).open()
            async with asyncio.timeout(10):
                closed: Closed = await over
                return closed.fault

    words = "the agent ended the call: -32000: full"
    assert asyncio.run(held()) == Fault(Party.THEIRS, Phase.SETUP, "hung_up", words)


def test_an_application_in_text_ends_its_call_and_what_else_it_asks_for_is_counted() -> None:
    outcomes: list[Outcome] = []
    events = CallEvents(
        ready=lambda call, stream: None,
        reconnect=lambda call, wait_s: None,
        outcome=lambda call, outcome: outcomes.append(outcome),
        message_done=lambda: None,
    )
    dialect = find_dialect("twilio-relay")
    route = resolve_route("ws://127.0.0.1:1", dialect, SessionSettings(), frame_ms=20)
    call = Call(new_session(turns=1), route, events)
    for message in (b'{"type":"play","source":"x"}', b'{"type":"language"}', b'{"type":"end"}'):
        call.message(message, 10 * MS, EXACT)
    (record,) = [outcome.session for outcome in outcomes if outcome.session is not None]
    assert record.fault is not None
    assert (record.fault.party, record.fault.code) == (Party.THEIRS, "hung_up")
    assert record.carrier == CarrierAccount(commands=2)
