"""What a scenario says of itself."""

from pathlib import Path

import pytest

from harness.errors import BadInput
from harness.load.scenario import (
    refuse_mixture,
    scenario_dialogue,
    scenario_network,
    scenario_script,
)
from harness.model import DIRECT
from harness.plan import Dialogue


class Plain:
    pass


class Scripted:
    dialogue = Dialogue(turns=3, think_ms=(1, 2))
    script = Path("x.toml")
    network = "lte_poor=2,none=1"


def test_the_first_user_who_says_something_decides() -> None:
    users = [Plain, Scripted]
    assert scenario_dialogue(users, None) == Scripted.dialogue
    assert scenario_script(users) == Path("x.toml")
    assert scenario_network(users) == Scripted.network


def test_turns_of_the_command_line_go_before_the_scenarios() -> None:
    assert scenario_dialogue([Scripted], 7) == Dialogue(turns=7, think_ms=(1, 2))


def test_who_says_nothing_calls_directly_with_the_default_dialogue() -> None:
    assert scenario_dialogue([Plain], None) == Dialogue()
    assert scenario_script([Plain]) is None
    assert scenario_network([Plain]) == DIRECT


class Alike(Scripted):
    weight = 3


class Talkative(Scripted):
    dialogue = Dialogue(turns=9)
    network = "lte_good"


def test_classes_that_differ_are_refused_by_name() -> None:
    refuse_mixture([Plain, Scripted, Alike], dialogue=False, network=False)
    with pytest.raises(BadInput, match="Scripted and Talkative: differ in dialogue and network"):
        refuse_mixture([Plain, Scripted, Talkative], dialogue=False, network=False)


def test_what_the_command_line_says_may_differ_in_the_scenario() -> None:
    refuse_mixture([Scripted, Talkative], dialogue=True, network=True)
    with pytest.raises(BadInput, match="differ in network"):
        refuse_mixture([Scripted, Talkative], dialogue=True, network=False)


def test_a_greeting_is_the_users_or_the_dialogues_and_stays_with_other_turns() -> None:
    class Greeted(Scripted):
        agent_speaks_first = True

    class Waits(Scripted):
        dialogue = Dialogue(agent_speaks_first=True)

    assert scenario_dialogue([Greeted], None).agent_speaks_first
    assert scenario_dialogue([Waits], 2) == Dialogue(turns=2, agent_speaks_first=True)
    assert not scenario_dialogue([Scripted], 2).agent_speaks_first
