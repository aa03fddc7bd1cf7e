"""Every shipped scenario that has no shape and that no other test runs, for as few calls as it can.

Networks of scenarios are not made here, which takes minutes: how calls are dealt to them is.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.corpus import KNOWN_CORPORA
from harness.network import choose_profile, load_profiles
from harness.plan import Seeds, choose_network, parse_arrivals, parse_mix
from tests.conftest import Served
from tests.load.conftest import ROOT, check_held, check_turns, lines_of, run_locust

QUICK = "[latency]\nshift_ms = 200.0\nmedian_ms = 50.0\n[tools]\nprobability = 1.0\n"
CLASSES = {"Manual", "Silence200", "Silence500", "Silence800"}
SCENARIOS = sorted((ROOT / "scenarios").glob("*.py"))
# Prints the networks and the corpora of every user class of the scenarios that are named.
NAMED = """
import json, runpy, sys
from harness import VoiceUser
networks, corpora = {}, {}
for path in sys.argv[1:]:
    for name, one in runpy.run_path(path).items():
        if isinstance(one, type) and issubclass(one, VoiceUser) and one.network:
            networks[f"{path}, {name}"] = one.network
        if isinstance(one, type) and issubclass(one, VoiceUser) and one.corpus:
            corpora[name] = one.corpus
print(json.dumps([networks, corpora]))
"""


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    config = tmp_path_factory.mktemp("quick") / "simulator.toml"
    config.write_text(QUICK)
    server = Served("--config", str(config))
    yield server.host
    server.close()


def held(names: str, host: str, reports: Path, *options: str, calls: int = 2) -> list[Any]:
    """Run a scenario, or several as one, as they are but for `options` and their networks.

    Returns:
        The sessions, in the order of their numbers.
    """
    files = ",".join(str(ROOT / "scenarios" / f"{name}.py") for name in names.split(","))
    done = run_locust(
        *("--host", host, "-u", f"{calls}", "-r", "20", "--calls", f"{calls}"),
        *("--network", "none", "--turn-limit-s", "3", *options),
        reports=reports,
        scenario=Path(files),
    )
    run = check_held(done, reports)
    check_turns(run)
    sessions = lines_of(run / "sessions.jsonl")
    assert [session["fault"] for session in sessions] == [None] * calls
    return sorted(sessions, key=lambda session: int(session["call_number"]))


def test_callers_that_differ_in_networks_turns_and_languages_hold_their_calls(
    quick: str, tmp_path: Path
) -> None:
    names = "noisy_networks,long_call,regions,languages"
    sessions = held(names, quick, tmp_path / "r", "--turns", "1", calls=6)
    classes = {"Mobile", "Talker", "Caller", "English", "Spanish", "French"}
    assert {session["user_class"] for session in sessions} == classes
    assert [session["turns_done"] for session in sessions] == [1] * 6


def test_every_way_of_endpointing_has_its_callers(quick: str, tmp_path: Path) -> None:
    sessions = held("endpointing", quick, tmp_path / "r", "--turns", "1", calls=4)
    assert {session["user_class"] for session in sessions} == CLASSES


def test_the_agents_use_of_the_tool_is_checked_every_time(quick: str, tmp_path: Path) -> None:
    for session in held("tool_call", quick, tmp_path / "r"):
        assert [check["passed"] for check in session["checks"]] == [True] * 3
        assert {check["what"] for check in session["checks"]} == {"the agent looked it up"}


def test_a_greeting_is_waited_for_and_an_agent_without_one_said_so(
    quick: str, tmp_path: Path
) -> None:
    for session in held("agent_speaks_first", quick, tmp_path / "r", "--turns", "1"):
        assert session["turns_done"] == 1
        assert session["greeting_audible_ns"] is None
        assert session["greeting_fault"]["code"] == "no_greeting"


def test_calls_arrive_when_the_scenario_says(quick: str, tmp_path: Path) -> None:
    sessions = held("arrivals", quick, tmp_path / "r", "--turns", "1", "--seed", "9")
    planned = parse_arrivals("30/min", Seeds.from_one(9).arrivals)
    first, second = (planned.start_ns(number) or 0 for number in range(2))
    starts = [session["planned_start_ns"] for session in sessions]
    assert starts[1] - starts[0] == second - first


def test_networks_and_corpora_are_there_and_networks_have_equal_shares() -> None:
    done = subprocess.run(
        [sys.executable, "-c", NAMED, *map(str, SCENARIOS)],
        capture_output=True,
        text=True,
        check=True,
    )
    (networks, corpora), known = json.loads(done.stdout), load_profiles(None)
    assert set(corpora) == {"English", "Spanish", "French"}
    assert set(corpora.values()) <= {one.name for one in KNOWN_CORPORA}
    assert {Path(name.partition(",")[0]).stem for name in networks} == {"noisy_networks", "regions"}
    for text in networks.values():
        mix = parse_mix(text)
        dealt = Counter(choose_network(mix, number, 1) for number in range(12 * len(mix)))
        assert set(dealt.values()) == {12}
        for name in dealt:
            assert choose_profile(known, name).name == name


def test_each_is_short() -> None:
    assert len(SCENARIOS) > 10
    for path in SCENARIOS:
        assert len(path.read_text().splitlines()) < 60, path
