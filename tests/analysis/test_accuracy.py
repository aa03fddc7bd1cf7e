from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.accuracy import (
    accuracy,
    true_voice_to_voice_ms,
    truth_uncertainty_ms,
)
from harness.errors import Fault, Party, Phase
from harness.model import (
    AudioFormat,
    Encoding,
    TruthRecord,
    TurnInstants,
    TurnKind,
    TurnRecord,
    TurnStatus,
)
from tests.analysis.conftest import build_run

MakeTurn = Callable[..., TurnRecord]
MS = 1_000_000
RATE_HZ = 24_000
FRAME = 480
START_NS = 5_000_000_000
MANIFEST = build_run([]).manifest


def make_truth(number: int = 0, heard_ms: float = 1_000.0, **more: Any) -> TruthRecord:
    """Return a truth whose frames of 20 ms arrived as they were spoken, from sample 0 on."""
    settled: dict[str, Any] = {
        "session_id": "sess",
        "response_id": f"resp{number}",
        "turn_index": number,
        "frame_end_samples": tuple(FRAME * (k + 1) for k in range(50)),
        "frame_received_ns": tuple(START_NS + 20 * MS * (k + 1) for k in range(50)),
        "heard_end_sample": None,
        "endpoint_ns": START_NS,
        "drawn_ms": 0.0,
        "lead_silence_ms": 0.0,
        "first_audio_due_ns": START_NS,
        "first_audible_heard_ns": START_NS + round(heard_ms * MS),
    }
    return TruthRecord(**(settled | more))


def ids(number: int = 0) -> dict[str, str]:
    return {"session": "sess", "response": f"resp{number}"}


@given(st.integers(0, 50 * FRAME - 1))
def test_true_speech_end_is_the_samples_own_instant_in_its_frame(sample: int) -> None:
    from_start_ms = sample * 1_000 / RATE_HZ
    turn = _turn(sample)
    true_ms = true_voice_to_voice_ms(turn, make_truth(heard_ms=1_000.0), RATE_HZ)
    assert true_ms == pytest.approx(1_000.0 - from_start_ms, abs=1e-4)


def _turn(sample: int | None) -> TurnRecord:
    return TurnRecord(
        session_id="s",
        turn_index=0,
        kind=TurnKind.FIRST,
        status=TurnStatus.NO_REPLY,
        network="ideal",
        utterance_id="u",
        limit_ms=1.0,
        at=TurnInstants(),
        fault=Fault(Party.THEIRS, Phase.RESPONSE, "test"),
        speech_end_sample=sample,
    )


def test_a_late_frame_is_the_networks_and_not_in_the_truth() -> None:
    received = tuple(START_NS + 20 * MS * (k + 1) + (7 * MS if k == 9 else 0) for k in range(50))
    truth = make_truth(heard_ms=1_000.0, frame_received_ns=received)
    assert true_voice_to_voice_ms(_turn(10 * FRAME - 1), truth, RATE_HZ) == pytest.approx(
        1_000 - 7 - 200, abs=0.1
    )


@pytest.mark.parametrize("sample", [None, 50 * FRAME])
def test_a_sample_that_never_arrived_has_no_truth(sample: int | None) -> None:
    assert true_voice_to_voice_ms(_turn(sample), make_truth(), RATE_HZ) is None


def test_a_sample_from_before_the_kept_frames_has_no_truth() -> None:
    kept = make_truth(
        frame_end_samples=(30 * FRAME, 31 * FRAME), frame_received_ns=(START_NS, START_NS + 20 * MS)
    )
    assert true_voice_to_voice_ms(_turn(10 * FRAME), kept, RATE_HZ) is None
    assert true_voice_to_voice_ms(_turn(29 * FRAME), kept, RATE_HZ) is not None


def test_a_response_that_was_never_audible_has_no_truth() -> None:
    silent = make_truth(first_audible_heard_ns=None)
    assert true_voice_to_voice_ms(_turn(100), silent, RATE_HZ) is None


def test_differences_are_measured_minus_true_by_network(make_turn: MakeTurn) -> None:
    rng = np.random.default_rng(20260107)
    turns, truth = [], []
    for number in range(100):
        true_ms = float(rng.uniform(500, 1_500))
        error_ms = 1.0 + number / 100
        network = "ideal" if number % 2 else "lte"
        sample = 40 * FRAME
        turns.append(
            make_turn(
                true_ms + error_ms,
                index=number,
                network=network,
                provider_ids=ids(number),
                speech_end_sample=sample,
            )
        )
        truth.append(make_truth(number, heard_ms=true_ms + sample * 1_000 / RATE_HZ))
    ideal, lte = accuracy(turns, truth, MANIFEST)
    assert (ideal.network, lte.network) == ("ideal", "lte")
    assert (ideal.n, lte.n) == (50, 50)
    assert ideal.p50_ms == pytest.approx(1.49, abs=0.001)
    assert ideal.max_ms == pytest.approx(1.99, abs=0.001)
    assert ideal.p99_ms == pytest.approx(1.99, abs=0.001)
    assert 1.0 < ideal.of_percentiles_ms[50] < 2.0


def test_each_turn_is_held_against_the_truth_at_the_sample_rate_of_its_class(
    make_turn: MakeTurn,
) -> None:
    phone = replace(
        MANIFEST.target_of("Phone"), dialect="twilio", audio=AudioFormat(8_000, Encoding.MULAW)
    )
    manifest = replace(MANIFEST, targets=(MANIFEST.target_of("Browser"), phone))
    turns, truth = [], []
    for number, (user_class, rate_hz) in enumerate((("Browser", 24_000), ("Phone", 8_000))):
        frame = rate_hz // 50
        # In the middle of a frame, where a wrong rate would show.
        sample = 40 * frame + frame // 2
        turns.append(
            make_turn(
                800.0,
                index=number,
                user_class=user_class,
                provider_ids=ids(number),
                speech_end_sample=sample,
            )
        )
        ends = tuple(frame * (k + 1) for k in range(50))
        heard_ms = 799.0 + sample * 1_000 / rate_hz
        truth.append(make_truth(number, heard_ms=heard_ms, frame_end_samples=ends))
    (found,) = accuracy(turns, truth, manifest)
    assert found.n == 2
    assert [found.min_ms, found.max_ms] == pytest.approx([1.0, 1.0])


def test_turns_without_truth_and_turns_not_heard_are_left_out(make_turn: MakeTurn) -> None:
    turns = [
        make_turn(provider_ids=ids(0), speech_end_sample=100),
        make_turn(index=1, provider_ids=ids(9), speech_end_sample=100),
        make_turn(index=2, speech_end_sample=100),
        make_turn(None, index=3, status=TurnStatus.TIMEOUT, provider_ids=ids(1)),
    ]
    (found,) = accuracy(turns, [make_truth(0), make_truth(1)], MANIFEST)
    assert found.n == 1


def test_without_a_pair_there_is_no_accuracy(make_turn: MakeTurn) -> None:
    assert accuracy([make_turn()], [make_truth()], MANIFEST) == ()


def test_a_response_without_a_name_is_found_by_the_sample_that_ended_speech(
    make_turn: MakeTurn,
) -> None:
    ends = tuple(FRAME * (k + 1) for k in range(50, 100))
    later = {"heard_ms": 9_000.0, "endpoint_ns": START_NS + 8_000 * MS}
    truth = [
        make_truth(0),
        make_truth(2, frame_end_samples=ends, **later),
        make_truth(1, heard_ms=2_500.0, frame_end_samples=ends),
    ]
    turn = make_turn(provider_ids={"session": "sess"}, speech_end_sample=75 * FRAME)
    found = accuracy([turn], truth, MANIFEST)
    assert [entry.n for entry in found] == [1]
    assert found == accuracy([turn], truth[2:], MANIFEST)
    unknown = make_turn(provider_ids={"session": "sess"}, speech_end_sample=200 * FRAME)
    assert accuracy([unknown], truth, MANIFEST) == ()


def test_the_truth_of_frames_that_were_read_together_is_as_unsure_as_they_are_long() -> None:
    received = [START_NS + 20 * MS * (k + 1) for k in range(50)]
    # A stall of the server: frames 7 to 9 have the instant of the last of them.
    received[7] = received[8] = received[9]
    truth = make_truth(frame_received_ns=tuple(received), release_took_ns=MS // 4)
    unsure_ms = [truth_uncertainty_ms(_turn(k * FRAME), truth) for k in range(6, 11)]
    assert unsure_ms == [0.25, 60.25, 60.25, 0.25, 0.25]
