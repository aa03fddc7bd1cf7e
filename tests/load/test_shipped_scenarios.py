"""Every shipped scenario that has no shape runs as it is, for as few calls as it can."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.load.conftest import ROOT, check_held, check_turns, lines_of, run_locust

QUICK = "[latency]\nshift_ms = 200.0\nmedian_ms = 50.0\n[tools]\nprobability = 0.5\n"
CLASSES = {"endpointing": {"Manual", "Silence200", "Silence500", "Silence800"}}


@pytest.fixture
def quick(serve: Callable[..., str], tmp_path: Path) -> str:
    (tmp_path / "simulator.toml").write_text(QUICK)
    return serve("--config", str(tmp_path / "simulator.toml"))


@pytest.mark.parametrize(
    "name",
    ["tool_call", "endpointing", "agent_speaks_first", "noisy_networks", "long_call", "regions"],
)
def test_a_shipped_scenario_runs_as_it_is(name: str, quick: str, tmp_path: Path) -> None:
    done = run_locust(
        *("--host", quick, "-u", "4", "-r", "20", "--calls", "4", "--turns", "1"),
        *("--network", "none", "--turn-limit-s", "3"),
        reports=tmp_path / "r",
        scenario=ROOT / "scenarios" / f"{name}.py",
    )
    run = check_held(done, tmp_path / "r")
    if name != "agent_speaks_first":
        check_turns(run)
    sessions = lines_of(run / "sessions.jsonl")
    assert len(sessions) == 4
    if name in CLASSES:
        assert {session["user_class"] for session in sessions} == CLASSES[name]


def test_each_is_short() -> None:
    for path in (ROOT / "scenarios").glob("*.py"):
        assert len(path.read_text().splitlines()) < 60, path
