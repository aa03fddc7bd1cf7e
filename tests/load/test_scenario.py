"""What a scenario says of itself."""

from pathlib import Path

from harness.load.options import DIRECT
from harness.load.scenario import scenario_dialogue, scenario_network, scenario_script
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
