import asyncio
import base64
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from websockets.exceptions import ConnectionClosed

from harness.errors import BadInput
from harness.simulator import FAULTS, FaultRule, SimulatorConfig, parse_fault
from harness.simulator.chance.faults import draw_faults
from harness.simulator.protocol import event_order

Json = dict[str, Any]
Audio = NDArray[np.int16]
Opened = Callable[..., AbstractAsyncContextManager[Any]]


def _truths(path: Path) -> list[Json]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def _deltas(client: Any) -> list[bytes]:
    return [
        base64.b64decode(event["delta"])
        for event in client.events
        if event["type"] == "response.output_audio.delta"
    ]


class _Faulty:
    """Runs a conversation with one fault and hands out its truth log."""

    def __init__(self, opened: Opened, quick: SimulatorConfig, path: Path) -> None:
        self._opened, self._quick, self._path = opened, quick, path

    def run(self, fault: str, talk: Callable[[Any], Any], **changes: Any) -> list[Json]:
        rule = parse_fault(fault)
        if "size" in changes:
            rule = replace(rule, size=changes.pop("size"))
        config = replace(self._quick, faults=(rule,), truth=self._path, **changes)

        async def converse() -> None:
            async with self._opened(config) as client:
                client.drain()
                await talk(client)

        asyncio.run(converse())
        return _truths(self._path)


@pytest.fixture
def faulty(opened: Opened, quick: SimulatorConfig, tmp_path: Path) -> _Faulty:
    return _Faulty(opened, quick, tmp_path / "truth.jsonl")


def test_leading_silence_delays_what_is_heard_but_not_the_first_byte(faulty: _Faulty) -> None:
    async def talk(client: Any) -> None:
        await client.send("response.create")
        await client.until("response.done")
        audio = np.frombuffer(b"".join(_deltas(client)), dtype="<i2")
        assert not audio[: 24 * 600].any()

    (truth,) = faulty.run("leading_silence", talk)
    assert truth["fault"] == "leading_silence"
    assert truth["lead_silence_ms"] >= 600
    late_ns = truth["first_audible_heard_ns"] - truth["first_audio_released_ns"]
    assert late_ns >= 600_000_000


def test_burst_and_gap_change_the_delivery(faulty: _Faulty) -> None:
    async def talk(client: Any) -> None:
        await client.send("response.create")
        await client.until("response.done")

    (burst,) = faulty.run("burst", talk, speed=1)
    took_ns = burst["last_audio_released_ns"] - burst["first_audio_released_ns"]
    assert took_ns < 1_000_000_000  # at 1x it would be more than the 1.2 s of the shortest reply
    *_, gap = faulty.run("gap", talk, speed=100, size=300.0)
    assert gap["last_audio_released_ns"] - gap["first_audio_released_ns"] >= 300_000_000
    assert (burst["fault"], gap["fault"]) == ("burst", "gap")


def test_oversized_delta_holds_what_it_was_told_to(faulty: _Faulty) -> None:
    async def talk(client: Any) -> None:
        await client.send("response.create")
        await client.until("response.done")
        assert max(map(len, _deltas(client))) >= 200_000

    (truth,) = faulty.run("oversized", talk)
    assert truth["fault"] == "oversized"


def test_deaf_server_goes_on_talking(faulty: _Faulty, utterance: Audio) -> None:
    async def talk(client: Any) -> None:
        await client.say(utterance)
        await client.until("response.output_audio.delta")
        client.drain()
        await client.say(utterance)
        assert (await client.until("response.done"))["response"]["status"] == "completed"
        assert "input_audio_buffer.speech_started" not in client.kinds

    (truth,) = faulty.run("deaf@0", talk, speed=1)
    assert truth["fault"] == "deaf"
    assert truth["cancelled"] is False


def test_premature_reply_begins_while_the_caller_talks_and_only_once(
    faulty: _Faulty, utterance: Audio
) -> None:
    async def talk(client: Any) -> None:
        await client.say(utterance[:30_000])  # 0.85 s into the speech
        await client.until("response.output_audio.delta")
        await client.say(utterance[30_000:])
        await client.until("rate_limits.updated")
        await client.say(utterance)
        await client.until("rate_limits.updated")
        assert client.kinds.count("response.done") == 2
        assert client.kinds.count("input_audio_buffer.speech_started") == 2

    early, later = faulty.run("premature@0", talk)
    assert (early["fault"], later["fault"]) == ("premature", "")
    assert early["heard_end_sample"] < 9_600 + 24_000 - 2_400


def test_double_reply_follows_the_first(faulty: _Faulty) -> None:
    async def talk(client: Any) -> None:
        await client.send("response.create")
        first = (await client.until("response.done"))["response"]["id"]
        second = (await client.until("response.done"))["response"]["id"]
        assert first != second

    first, second = faulty.run("double@0", talk)
    assert (first["fault"], second["fault"]) == ("double", "")


def test_no_reply_leaves_a_line_of_truth(faulty: _Faulty, utterance: Audio) -> None:
    async def talk(client: Any) -> None:
        await client.say(utterance)
        await client.say(utterance)
        await client.until("response.done")
        assert client.kinds.count("input_audio_buffer.committed") == 2

    silent, spoken = faulty.run("no_reply@0", talk)
    assert (silent["fault"], silent["response_id"]) == ("no_reply", "")
    assert silent["first_audio_released_ns"] is None
    assert spoken["first_audio_released_ns"] is not None


def test_stall_holds_up_the_whole_server_and_is_no_secret(faulty: _Faulty) -> None:
    async def talk(client: Any) -> None:
        await client.send("response.create")
        await client.until("response.done")

    (truth,) = faulty.run("stall", talk, size=200.0)
    late_ns = truth["first_audio_released_ns"] - truth["first_audio_due_ns"]
    assert late_ns >= 200_000_000
    assert truth["fault"] == "stall"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("close_1001", 1001),
        ("close_1011", 1011),
        ("close_1013", 1013),
        ("expiry", 1001),
        ("death", None),
        ("reset", None),
    ],
)
def test_connection_ends_in_the_middle_of_a_reply(
    faulty: _Faulty, fault: str, code: int | None
) -> None:
    async def talk(client: Any) -> None:
        await client.send("response.create")
        with pytest.raises(ConnectionClosed):
            await client.until("nothing at all")
        assert _deltas(client)
        assert "response.done" not in client.kinds
        assert client.socket.close_code == (code or 1006)
        assert ("error" in client.kinds) == (fault == "expiry")

    (truth,) = faulty.run(f"{fault}@0", talk, speed=5)
    assert truth["fault"] == fault
    assert truth["first_audio_released_ns"] is not None
    assert truth["cancelled"] is False


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        ("rate_limit", "rate_limit_exceeded", "Please try again in 1.2s."),
        ("server_error", "server_error", "The server had an error"),
    ],
)
def test_failed_response_says_why(faulty: _Faulty, fault: str, code: str, words: str) -> None:
    async def talk(client: Any) -> None:
        await client.send("response.create")
        done = (await client.until("response.done"))["response"]
        await client.until("rate_limits.updated")
        assert tuple(client.kinds) == event_order.FAILED
        assert (done["status"], done["output"]) == ("failed", [])
        assert done["status_details"]["error"]["code"] == code
        assert words in done["status_details"]["error"]["message"]

    (truth,) = faulty.run(fault, talk)
    assert truth["fault"] == fault
    assert truth["first_audio_released_ns"] is None


def test_slow_reader_reads_on_in_the_end(faulty: _Faulty) -> None:
    async def talk(client: Any) -> None:
        await client.send("response.create")
        await client.until("response.done")
        await client.send("input_audio_buffer.clear")
        await client.until("input_audio_buffer.cleared")

    (truth,) = faulty.run("slow_reader", talk, size=100.0)
    assert truth["fault"] == "slow_reader"


@pytest.mark.parametrize("fault", ["malformed", "unknown_event"])
def test_message_nobody_can_read_stands_in_the_middle(faulty: _Faulty, fault: str) -> None:
    async def talk(client: Any) -> None:
        await client.send("response.create")
        odd = []
        while True:
            raw = await client.socket.recv()
            try:
                kind = json.loads(raw)["type"]
            except ValueError:
                odd.append("malformed")
                continue
            if kind not in event_order.EVENTS:
                odd.append("unknown_event")
            if kind == "response.done":
                break
        assert odd == [fault]

    (truth,) = faulty.run(fault, talk)
    assert truth["fault"] == fault


def test_reordered_and_duplicated_events_are_all_there(faulty: _Faulty) -> None:
    seen: dict[str, list[str]] = {}

    async def talk(client: Any) -> None:
        await client.send("response.create")
        done = await client.until("response.done")
        if seen:
            assert (await client.until("response.done"))["event_id"] == done["event_id"]
        ids = [event["event_id"] for event in client.events]
        seen["two" if seen else "one"] = ids

    (swapped,) = faulty.run("reordered", talk)
    assert seen["one"] != sorted(seen["one"])
    assert len(set(seen["one"])) == len(seen["one"])
    *_, twice = faulty.run("duplicated", talk)
    assert seen["two"][0::2] == seen["two"][1::2]
    assert (swapped["fault"], twice["fault"]) == ("reordered", "duplicated")


def test_late_deltas_come_after_a_cancelled_response(faulty: _Faulty) -> None:
    async def talk(client: Any) -> None:
        await client.send("response.create")
        await client.until("response.output_audio.delta")
        await client.send("response.cancel")
        done = await client.until("response.done")
        late = await client.until("response.output_audio.delta")
        assert late["response_id"] == done["response"]["id"]

    (truth,) = faulty.run("late_deltas", talk, speed=1)
    assert (truth["fault"], truth["cancelled"]) == ("late_deltas", True)


def test_caller_who_cannot_be_made_out_is_answered_all_the_same(
    faulty: _Faulty, utterance: Audio
) -> None:
    async def talk(client: Any) -> None:
        audio = {"input": {"transcription": {"model": "whisper-1"}}}
        await client.send("session.update", session={"type": "realtime", "audio": audio})
        await client.say(utterance)
        failed = await client.until(*event_order.NOT_TRANSCRIBED)
        assert failed["error"]["code"] == "audio_unintelligible"

    (truth,) = faulty.run("untranscribed", talk)
    assert truth["fault"] == "untranscribed"
    assert truth["first_audio_released_ns"] is not None


def test_wrong_usage_does_not_add_up(faulty: _Faulty) -> None:
    async def talk(client: Any) -> None:
        await client.send("response.create")
        usage = (await client.until("response.done"))["response"]["usage"]
        assert usage["total_tokens"] != usage["input_tokens"] + usage["output_tokens"]

    (truth,) = faulty.run("wrong_usage", talk)
    assert truth["fault"] == "wrong_usage"


@given(st.sampled_from(sorted(FAULTS)), st.floats(0, 1), st.integers(0, 99))
def test_written_faults_are_read_back(name: str, probability: float, turn: int) -> None:
    assert parse_fault(name) == FaultRule(name=name)
    assert parse_fault(f"{name}={probability!r}") == FaultRule(name=name, probability=probability)
    assert parse_fault(f"{name}@{turn}") == FaultRule(name=name, turn=turn)


@pytest.mark.parametrize(
    "text", ["nonsense", "gap=2", "gap=x", "gap@-1", "gap@1.5", "gap=-0.1", ""]
)
def test_faults_nobody_knows_are_bad_input(text: str) -> None:
    with pytest.raises(BadInput):
        parse_fault(text)


def test_faults_come_in_their_share_whatever_else_is_asked_for() -> None:
    """Share within 4 sigma: false alarm 6.4e-5 for a fresh seed; the seed is fixed."""
    rules = (FaultRule(name="gap", probability=0.2), FaultRule(name="burst", turn=3))
    rng = np.random.default_rng(8)
    drawn = [draw_faults(rules, rng, turn) for turn in range(4_000)]
    share = np.mean(["gap" in faults for faults in drawn])
    assert share == pytest.approx(0.2, abs=4 * np.sqrt(0.16 / 4_000))
    assert [turn for turn, faults in enumerate(drawn) if "burst" in faults] == [3]
