"""Load shapes: asked as Locust asks them, and in whole runs. Locust is in processes of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.load.conftest import ROOT, check_held, lines_of, only_run, run_locust

HEAD = """
from types import SimpleNamespace
from harness import StagedShape

class Hill(StagedShape):
    stages = ((10, 20), (10, 0))

def shape(at_s, **options):
    made = Hill()
    made.runner = SimpleNamespace(
        environment=SimpleNamespace(parsed_options=SimpleNamespace(**options))
    )
    made.get_run_time = lambda: at_s
    return made
"""


def found(expression: str, head: str = HEAD) -> Any:
    """Return what an expression is worth where Locust has been imported."""
    script = f"import json\n{head}\nprint(json.dumps({expression}))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_shape_goes_through_its_stages_and_users_and_run_time_scale_it() -> None:
    asked = [
        "shape(0).tick()",
        "shape(5).tick()",
        "shape(15).tick()",
        "shape(20).tick()",
        "shape(1, peak=4, run_time=4).tick()",
        "shape(1, peak=4, run_time=4).peak",
        "shape(4, peak=4, run_time=4).tick()",
        "[StagedShape.abstract, Hill.abstract]",
    ]
    assert found(f"[{', '.join(asked)}]") == [
        [1, 2],
        [10, 2],
        [10, 2],
        None,
        [2, 2],
        4,
        None,
        [True, False],
    ]


STILL = """
from types import SimpleNamespace
from harness.load.shapes import hold_still

answers, busy = iter([(1, 1), (2, 1), None]), iter([True, True, False, False])
shape = SimpleNamespace(tick=lambda: next(answers))
hold_still(shape, lambda: next(busy))
"""


def test_a_shape_stays_as_it_is_while_the_run_is_prepared() -> None:
    asked = "[shape.tick(), shape.tick(), shape.tick(), shape.tick(), shape.tick()]"
    assert found(asked, STILL) == [[1, 1], [1, 1], [1, 1], [2, 1], None]


def test_a_shape_has_its_own_callers_where_nobody_asked_for_a_number(
    simulator: str, tmp_path: Path
) -> None:
    scenario = tmp_path / "hill.py"
    scenario.write_text(
        "from harness import Dialogue, StagedShape, VoiceUser\n"
        "class Caller(VoiceUser):\n    dialogue = Dialogue(turns=2)\n"
        "class Level(StagedShape):\n    stages = ((2, 4), (6, 4))\n"
    )
    run_locust("--drain-s", "5", "--host", simulator, reports=tmp_path / "r", scenario=scenario)
    assert peak(only_run(tmp_path / "r")) == 4


def test_impossible_stages_are_one_line(tmp_path: Path) -> None:
    scenario = tmp_path / "flat.py"
    scenario.write_text(
        "from harness import StagedShape, VoiceUser\n"
        "class Caller(VoiceUser):\n    pass\n"
        "class Flat(StagedShape):\n    stages = ((0, 5),)\n"
    )
    done = run_locust("--host", "ws://127.0.0.1:1", reports=tmp_path / "r", scenario=scenario)
    assert done.returncode == 4
    assert "Flat.stages: a stage of 0 s with 5 callers cannot be" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["ramp", "spike", "soak"])
def test_shipped_shapes_run_at_the_size_that_is_asked_for(
    name: str, simulator: str, tmp_path: Path
) -> None:
    run_locust(
        *("-u", "2", "-t", "6s", "--turns", "1", "--drain-s", "5", "--host", simulator),
        reports=tmp_path,
        scenario=ROOT / "scenarios" / f"{name}.py",
    )
    run = only_run(tmp_path)
    assert lines_of(run / "turns.jsonl")
    assert peak(run) <= 2


def peak(run: Path) -> int:
    """Return how many sessions there were at once."""
    sessions = lines_of(run / "sessions.jsonl")
    steps = [(row["open_start_ns"], 1) for row in sessions if row["open_start_ns"] is not None]
    steps += [(row["closed_ns"], -1) for row in sessions if row["open_start_ns"] is not None]
    most = now = 0
    for _, step in sorted(steps):
        now += step
        most = max(most, now)
    return most


LOCUSTS = """
from locust import LoadTestShape
from harness import Dialogue, VoiceUser

class First(VoiceUser):
    weight = 3
    dialogue = Dialogue(turns=1, think_ms=(0, 10))

class Second(VoiceUser):
    dialogue = Dialogue(turns=1, think_ms=(0, 10))

class Two(LoadTestShape):
    def tick(self):
        return None if self.get_run_time() > 60 else (2, 10)
"""


def test_a_shape_of_locusts_own_works_and_calls_of_every_class_are_held(
    simulator: str, tmp_path: Path
) -> None:
    scenario = tmp_path / "two.py"
    scenario.write_text(LOCUSTS)
    options = ("--calls", "4", "--processes", "2", "--host", simulator)
    done = run_locust(*options, reports=tmp_path / "r", scenario=scenario)
    run = check_held(done, tmp_path / "r")
    assert sorted(row["call_number"] for row in lines_of(run / "sessions.jsonl")) == [0, 1, 2, 3]
    assert {row["user_class"] for row in lines_of(run / "sessions.jsonl")} == {"First", "Second"}


def test_a_rate_of_starting_callers_and_stages_do_not_go_together(tmp_path: Path) -> None:
    done = run_locust(
        *("-r", "3", "--host", "ws://127.0.0.1:1"),
        reports=tmp_path / "r",
        scenario=ROOT / "scenarios" / "ramp.py",
    )
    assert done.returncode == 4
    assert "--spawn-rate: does not go with the stages of" in done.stderr
    assert not (tmp_path / "r").exists()


def test_arrivals_and_a_shape_do_not_go_together(tmp_path: Path) -> None:
    scenario = tmp_path / "two.py"
    scenario.write_text(LOCUSTS)
    options = ("--arrivals", "30/min", "--host", "ws://127.0.0.1:1")
    done = run_locust(*options, reports=tmp_path / "r", scenario=scenario)
    assert done.returncode == 4
    assert "does not go with the Two of the scenario" in done.stderr
    assert not (tmp_path / "r").exists()
