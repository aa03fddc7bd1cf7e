"""What a scenario says of itself."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.errors import BadInput
from harness.load.scenario import (
    check_attributes,
    class_dialogue,
    class_hangs_up,
    class_network,
    class_script,
    scenario_corpora,
    scenario_network,
)
from harness.model import DIRECT
from harness.plan import Dialogue
from tests.load.conftest import lines_of, only_run, run_locust


class Plain:
    pass


class Scripted:
    dialogue = Dialogue(turns=3, think_ms=(1, 2))
    script = "x.toml"
    network = "lte_poor=2,none=1"


class Talkative(Scripted):
    dialogue = Dialogue(turns=9)
    network = "lte_good,none"


def test_a_class_says_what_its_callers_do() -> None:
    assert class_dialogue(Scripted, None) == Scripted.dialogue
    assert class_script(Scripted) == Path("x.toml")
    assert class_network(Scripted) == Scripted.network


def test_turns_of_the_command_line_go_before_the_scenarios() -> None:
    assert class_dialogue(Scripted, 7) == Dialogue(turns=7, think_ms=(1, 2))


def test_who_says_nothing_calls_directly_with_the_default_dialogue() -> None:
    assert class_dialogue(Plain, None) == Dialogue()
    assert class_script(Plain) is None
    assert class_network(Plain) == DIRECT


def test_one_class_has_its_own_shares_and_several_name_every_network_once() -> None:
    assert scenario_network([Plain]) == DIRECT
    assert scenario_network([Plain, Scripted]) == Scripted.network
    assert scenario_network([Scripted, Talkative]) == "lte_poor,none,lte_good"


def test_every_corpus_is_named_once_with_a_class_that_asks_for_it() -> None:
    class German(Scripted):
        corpus = Path("german")

    class Austrian(Scripted):
        corpus = "german"

    assert scenario_corpora([Plain]) == {}
    assert scenario_corpora([German, Austrian, Scripted]) == {"german": "German", "": "Scripted"}


def test_a_greeting_is_the_users_or_the_dialogues_and_stays_with_other_turns() -> None:
    class Greeted(Scripted):
        agent_speaks_first = True

    class Waits(Scripted):
        dialogue = Dialogue(agent_speaks_first=True)

    assert class_dialogue(Greeted, None).agent_speaks_first
    assert class_dialogue(Waits, 2) == Dialogue(turns=2, agent_speaks_first=True)
    assert not class_dialogue(Scripted, 2).agent_speaks_first


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"dialouge": Dialogue()}, r"Caller.dialouge: is not understood.*mean dialogue"),
        ({"networks": "lte_good"}, r"Caller.networks: is not understood.*mean network"),
        ({"dialogue": "order"}, r"Caller.dialogue: is not a Dialogue"),
        ({"network": 3}, r"Caller.network: is not names of networks"),
        ({"network": "lte_good=x"}, r"weight of lte_good"),
        ({"script": 3}, r"Caller.script: is not the path"),
        ({"weight": -1}, r"Caller.weight: is not a number"),
        ({"fixed_count": 1.5}, r"Caller.fixed_count: is not a number"),
        ({"corpus": 3}, r"Caller.corpus: is not a corpus name"),
        ({"turns": 4}, r"Caller.turns: is no attribute of a user class.*--turns"),
        ({"dialect": "gemmini"}, r"Caller.dialect: is no dialect: gemmini.*gemini"),
        ({"host": 8765}, r"Caller.host: is not an address"),
        ({"host": "wss://me:pw@x.example"}, r"Caller.host: an address in a file must hold no key"),
        ({"key_variable": "sk-12345"}, r"Caller.key_variable: is not the name of a variable"),
    ],
)
def test_an_attribute_that_says_nothing_is_refused_by_name(
    attributes: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput) as refused:
        check_attributes("Caller", attributes)
    assert refused.match(words.split(r".*", maxsplit=1)[0])
    assert words.rsplit(r".*", maxsplit=1)[-1] in f"{refused.value.where} {refused.value.hint}" or (
        ".*" not in words
    )


def test_attributes_of_the_scenarios_own_are_left_alone() -> None:
    own = {"favourite": "tea", "weight": 3, "_dialog": 1, "network": "", "script": None}
    check_attributes("Caller", {**own, "dialogues_of": lambda self: None})


def test_callers_hang_up_only_where_they_are_asked_to() -> None:
    class Impatient:
        after_no_answer = "hang_up"

    assert class_hangs_up(Impatient, "")
    assert not class_hangs_up(Impatient, "go_on"), "the command line wins"
    assert not class_hangs_up(None, "")
    with pytest.raises(BadInput, match='is not "go_on" or "hang_up"'):
        check_attributes("Caller", {"after_no_answer": "hangup"})


def test_a_script_is_checked_and_its_callers_hang_up(
    serve: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "script.toml").write_text(
        'name = "x"\n[[turn]]\nexpect_words = "xyzzy"\nexpect_within_ms = 900\n[[turn]]\n[[turn]]\n'
    )
    (tmp_path / "simulator.toml").write_text("[faults]\nno_reply = 1.0\n")
    (tmp_path / "impatient.py").write_text(
        "from harness import VoiceUser\nclass Impatient(VoiceUser):\n"
        "    after_no_answer = 'hang_up'\n"
    )
    done = run_locust(
        *("--host", serve("--config", str(tmp_path / "simulator.toml"))),
        *("-u", "1", "--calls", "1", "--turn-limit-s", "1"),
        *("--dialogue", str(tmp_path / "script.toml")),
        reports=tmp_path / "reports",
        scenario=tmp_path / "impatient.py",
    )
    run = only_run(tmp_path / "reports")
    turns = lines_of(run / "turns.jsonl")
    assert [turn["status"] for turn in turns][1:] == ["dropped", "dropped"]
    assert turns[0]["status"] in ("no_reply", "void")
    if turns[0]["status"] == "no_reply":
        assert {turn["fault"]["code"] for turn in turns[1:]} == {"caller_hung_up"}
        (session,) = lines_of(run / "sessions.jsonl")
        assert [check["passed"] for check in session["checks"]] == [False, False]
        assert "2 checks, 2 failed" in done.stdout
    settings = json.loads((run / "manifest.json").read_text())["settings"]
    assert settings["after_no_answer"] == "the caller hangs up"
