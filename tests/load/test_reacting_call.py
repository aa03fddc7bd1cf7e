"""Scenarios whose tasks lead their calls, in whole runs against the simulator."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.errors import BadInput, ExitCode
from harness.load.reacting_call import ReactingCall, Sayable, nothing_fits
from harness.model import CallPlan, Clip
from harness.plan import Dialogue, Seeds, pair
from tests.load.conftest import check_held, check_turns, lines_of, only_run, run_locust

REACTS = """
import time
from harness import VoiceUser, task

class Customer(VoiceUser):
    @task
    def order(self):
        with self.call({most}) as call:
            turn = call.say(think_ms=50)
            {body}
            call.expect(turn.transcript, "the agent says something")
            call.expect("xyzzy" in turn.transcript, "the agent says xyzzy")
"""


def held(
    simulator: str, folder: Path, body: str, *, calls: int = 1, most: str = ""
) -> tuple[Any, Path]:
    scenario = folder / "order.py"
    scenario.write_text(REACTS.format(body=body, most=most))
    words = ("-u", str(min(calls, 2)), "-r", "10", "--calls", str(calls), "--host", simulator)
    return run_locust(*words, reports=folder / "reports", scenario=scenario), folder / "reports"


def test_a_task_says_what_follows_from_the_response_and_its_own_time_is_told(
    simulator: str, tmp_path: Path
) -> None:
    body = "time.sleep(0.5); assert turn.latency_ms > 0;"
    body += " call.say(think_ms=100, hesitation_ms=300, barge_in_ms=250); call.say()"
    done, reports = held(simulator, tmp_path, body, calls=2)
    run = check_held(done, reports)
    check_turns(run)
    turns = lines_of(run / "turns.jsonl")
    assert sorted(turn["turn_index"] for turn in turns) == [0, 0, 1, 1, 2, 2]
    for first, second, third in zip(*(indexed(turns, at) for at in range(3)), strict=True):
        assert [turn["think_asked_ns"] for turn in (first, second)] == [50_000_000, 100_000_000]
        assert second["think_ns"] >= 400_000_000, "the scenario took half a second"
        assert first["behaviour"] is None
        assert second["behaviour"]["hesitation_ms"] == 300
        assert second["behaviour"]["barge_in"] == "stopped"
        assert third["kind"] == "barge_in"
        into_ns = third["at"]["barge_in_onset_ns"] - second["at"]["first_audible_ns"]
        assert into_ns >= 250_000_000, "as far into the response as was asked"
    for session in lines_of(run / "sessions.jsonl"):
        assert [check["passed"] for check in session["checks"]] == [True, False]
        assert (session["turns_planned"], session["turns_done"]) == (3, 3)


def indexed(turns: list[dict[str, Any]], at: int) -> list[dict[str, Any]]:
    """Return turn `at` of every call, in the order of calls."""
    found = [turn for turn in turns if turn["turn_index"] == at]
    return sorted(found, key=lambda turn: str(turn["session_id"]))


TOOLS = """
from harness import Tool, VoiceUser, task

class Customer(VoiceUser):
    session = {
        "tools": [
            {
                "type": "function",
                "name": "look_up",
                "parameters": {"type": "object", "properties": {"city": {"const": "Rome"}}},
            }
        ]
    }
    tools = (
        Tool("look_up", lambda asked: asked["city"], takes={"low_ms": 250, "high_ms": 300}),
        Tool("unused", hangs=1.0),
    )

    @task
    def ask(self):
        with self.call() as call:
            turn = call.say(think_ms=50)
            call.expect(turn.tool == "look_up", "it is looked up")
            call.expect(turn.tool != "look_up", "it is not looked up")
"""


def test_a_tool_of_the_session_is_answered_by_its_mock_and_a_check_says_that_it_was_used(
    serve: Callable[..., str], tmp_path: Path
) -> None:
    scenario, truth = tmp_path / "asks.py", tmp_path / "truth.jsonl"
    scenario.write_text(TOOLS)
    host = serve("--tool", "look_up", "--truth", str(truth))
    words = ("-u", "1", "--calls", "1", "--host", host)
    done = run_locust(*words, reports=tmp_path / "reports", scenario=scenario)
    run = check_held(done, tmp_path / "reports")
    check_turns(run)
    (turn,) = lines_of(run / "turns.jsonl")
    at = turn["at"]
    assert turn["behaviour"]["tools"] == ["look_up"]
    assert turn["behaviour"]["tools_failed"] == 0, "the function had the session's arguments"
    assert at["tool_result_sent_ns"] - at["tool_call_ns"] >= 250_000_000
    assert at["answer_audible_ns"] > at["tool_result_sent_ns"]
    (session,) = lines_of(run / "sessions.jsonl")
    assert [check["passed"] for check in session["checks"]] == [True, False]
    assert "2 checks, 1 failed: it is not looked up (1 of 1)" in done.stdout


def test_keys_are_pressed_and_answered_as_soon_as_the_application_answers(tmp_path: Path) -> None:
    scenario = tmp_path / "menu.py"
    scenario.write_text(
        "from harness import VoiceUser, task\n"
        "class Caller(VoiceUser):\n"
        "    @task\n"
        "    def choose(self):\n"
        "        with self.call() as call:\n"
        "            call.dtmf('1w2#', think_ms=50)\n"
    )
    command = [sys.executable, "-m", "harness", "run", str(scenario), "--dialect", "twilio"]
    command += ["-u", "1", "--calls", "1", "--corpus", "synthetic"]
    subprocess.run([*command, "--reports", str(tmp_path / "r")], check=False, timeout=100)
    run = only_run(tmp_path / "r")
    (turn,) = lines_of(run / "turns.jsonl")
    assert (turn["utterance_id"], turn["status"]) == ("dtmf:1w2#", "completed")
    # The time to press them is no latency: what is known to be true counts from the last one.
    (found,) = json.loads((run / "summary.json").read_text())["accuracy"]
    assert found["n"] == 1
    assert abs(found["difference"]["p50_ms"]) < 20


def test_an_error_of_a_task_ends_its_call_and_no_other(simulator: str, tmp_path: Path) -> None:
    done, reports = held(simulator, tmp_path, "{}['size'] if call.number == 1 else 0", calls=3)
    run = only_run(reports)
    sessions = {one["call_number"]: one for one in lines_of(run / "sessions.jsonl")}
    assert sorted(sessions) == [0, 1, 2]
    assert sessions[1]["fault"]["code"] == "scenario_error"
    assert "KeyError: 'size'" in sessions[1]["fault"]["detail"]
    assert sessions[1]["checks"] == []
    assert [sessions[n].get("fault") for n in (0, 2)] == [None, None]
    assert "1 of 3 calls ended early: the scenario raised KeyError" in done.stdout + done.stderr


def test_a_call_of_more_turns_than_its_scenario_allows_fails_a_check_and_ends(
    simulator: str, tmp_path: Path
) -> None:
    done, reports = held(simulator, tmp_path, "call.say(); call.say()", most="most_turns=2")
    run = check_held(done, reports)
    (session,) = lines_of(run / "sessions.jsonl")
    assert session["turns_done"] == 2
    (check,) = session["checks"]
    assert check == {
        "what": "the goal is reached within 2 turns",
        "passed": False,
        "turn_index": 1,
    }


def test_what_cannot_be_said_ends_the_run_with_one_line(simulator: str, tmp_path: Path) -> None:
    done, _ = held(simulator, tmp_path, "call.say('nobody-01')", calls=4)
    assert done.returncode == ExitCode.BAD_INPUT
    assert "the corpus has no utterance nobody-01" in done.stderr


@pytest.mark.parametrize("name", ["think_ms", "hesitation_ms", "barge_in_ms"])
def test_a_time_that_is_none_is_refused_before_anything_is_said(name: str) -> None:
    call = ReactingCall.__new__(ReactingCall)  # not begun: a refused turn needs nothing of a call
    times: dict[str, Any] = {name: -1}
    with pytest.raises(BadInput, match=f"say, {name}: -1 is no time"):
        call.say(**times)


def test_keys_that_there_are_not_are_refused_before_anything_is_pressed() -> None:
    call = ReactingCall.__new__(ReactingCall)
    with pytest.raises(BadInput, match="dtmf: one are no 1 to 64 keys"):
        call.dtmf("one")
    call._speech = cast("Any", SimpleNamespace(presses_keys=False))
    with pytest.raises(BadInput, match="keys of a telephone cannot be pressed in this dialect"):
        call.dtmf("12")


def test_a_task_that_fails_before_it_calls_does_not_go_on_for_ever(
    simulator: str, tmp_path: Path
) -> None:
    scenario = tmp_path / "order.py"
    scenario.write_text(
        REACTS.format(body="pass", most="").replace(
            "        with self.call", "        {}['x']\n        with self.call"
        )
    )
    words = ("-u", "1", "--calls", "2", "--host", simulator)
    done = run_locust(*words, reports=tmp_path / "reports", scenario=scenario)
    assert done.returncode == ExitCode.BAD_INPUT
    assert "the scenario: failed outside of a call, KeyError: 'x'" in done.stderr


def test_tags_choose_among_the_tasks_of_a_class(simulator: str, tmp_path: Path) -> None:
    scenario = tmp_path / "tagged.py"
    scenario.write_text(
        "from harness import VoiceUser, tag, task\n"
        "class Customer(VoiceUser):\n"
        "    @tag('short')\n    @task\n    def short(self):\n"
        "        with self.call() as call:\n            call.say(think_ms=0)\n"
        "    @task(100)\n    def long(self):\n        raise AssertionError('not chosen')\n"
    )
    words = ("-u", "1", "--calls", "1", "--host", simulator, "--tags", "short")
    run = check_held(
        run_locust(*words, reports=tmp_path / "reports", scenario=scenario), tmp_path / "reports"
    )
    assert len(lines_of(run / "turns.jsonl")) == 1


def clip(name: str, *tags: str, language: str = "en") -> Clip:
    return Clip(
        id=name,
        path="",
        sha256="",
        rate_hz=8_000,
        channels=1,
        duration_s=1.0,
        speech_start_s=0.0,
        speech_end_s=1.0,
        end_source="exact",
        end_uncertainty_ms=0.0,
        tags=tags,
        language=language,
    )


CLIPS = [clip("size-small", "order"), clip("size-large", "order"), clip("bonjour", language="fr")]


def test_a_name_that_is_nearly_right_is_named() -> None:
    assert "Did you mean size-large?" in str(nothing_fits("size-larg", "", "", CLIPS))
    assert "Its tags: order" in str(nothing_fits("", "ordr", "", CLIPS))


def test_what_can_be_said_is_found_by_name_tag_and_language() -> None:
    sayable = Sayable(CLIPS)
    assert sayable.named("size-large", "order", "en") is CLIPS[1]
    for _ in range(2):
        assert sayable.fitting("order", "") == CLIPS[:2]
        assert sayable.fitting("", "fr") == CLIPS[2:]
        assert sayable.fitting("", "") == CLIPS
        with pytest.raises(BadInput, match="no tag order, language fr"):
            sayable.fitting("order", "fr")
    for asked in (("size-huge", "", ""), ("size-large", "greeting", ""), ("bonjour", "", "en")):
        with pytest.raises(BadInput, match=f"no utterance {asked[0]}"):
            sayable.named(*asked)


def test_what_is_drawn_is_the_same_words_under_the_condition_of_each_call() -> None:
    made = [
        replace(clip("x", "order"), id=f"{name}@{condition}", utterance=name, condition=condition)
        for name in ("a", "b", "c", "d")
        for condition in ("clean", "noise")
    ]
    pairing = pair(made)
    assert pairing is not None

    def drawn(number: int) -> list[str]:
        plan = CallPlan(
            number=number, network="none", utterance_ids=(), think_ms=(), open_ended=True
        )
        unused: Any = None
        call = ReactingCall(
            pairing.untold(plan, number, 20_000_000),
            unused,
            unused,
            unused,
            Sayable(made, pairing),
            dialogue=Dialogue(),
            seeds=Seeds(),
        )
        found = []
        for _ in range(3):
            found.append(call._choose("", "order", "").id)
            call._said.append(found[-1])
        assert call._choose("a", "", "").id.startswith("a@")
        assert call._choose("b@noise", "", "").id == "b@noise"
        return found

    first, second = drawn(0), drawn(1)
    assert [name.split("@")[0] for name in first] == [name.split("@")[0] for name in second]
    assert {name.split("@")[1] for name in first} == {"clean"}
    assert {name.split("@")[1] for name in second} == {"noise"}
    assert len(set(first)) == 3
