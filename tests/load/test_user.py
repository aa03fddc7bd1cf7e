"""Scenarios with several user classes, under real Locust against the simulator."""

from collections import Counter
from pathlib import Path

import pytest

from harness.errors import ExitCode
from tests.load.conftest import check_held, check_turns, lines_of, run_locust

TWO = """
from harness import Dialogue, VoiceUser

class Patient(VoiceUser):
    weight = 3
    dialogue = Dialogue(turns=1, think_ms=(0, 10))

class Hasty(VoiceUser):
    dialogue = Dialogue(turns=2, think_ms=(0, 10))
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "two.py"
    path.write_text(TWO)
    return path


@pytest.mark.parametrize("callers", [1, 4])
def test_calls_are_held_in_the_shares_of_their_classes_whoever_there_is_to_hold_them(
    simulator: str, scenario: Path, tmp_path: Path, callers: int
) -> None:
    reports = tmp_path / "reports"
    words = ("-u", str(callers), "-r", "10", "--calls", "4", "--host", simulator)
    run = check_held(run_locust(*words, reports=reports, scenario=scenario), reports)
    check_turns(run)
    sessions = lines_of(run / "sessions.jsonl")
    assert sorted(session["call_number"] for session in sessions) == [0, 1, 2, 3]
    assert Counter(one["user_class"] for one in sessions) == {"Patient": 3, "Hasty": 1}
    turns = Counter(turn["user_class"] for turn in lines_of(run / "turns.jsonl"))
    assert turns == {"Patient": 3, "Hasty": 2}


def test_a_misspelt_attribute_is_refused_before_anything_is_opened(
    scenario: Path, tmp_path: Path
) -> None:
    scenario.write_text(TWO.replace("dialogue =", "dialouge =", 1))
    words = ("-u", "1", "--calls", "1", "--host", "ws://127.0.0.1:1")
    done = run_locust(*words, reports=tmp_path / "reports", scenario=scenario)
    assert done.returncode != ExitCode.PASS
    assert (
        "Patient.dialouge: is not understood. Did you mean dialogue?" in done.stderr + done.stdout
    )
