"""Several user classes in one run: their schedules."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from harness.corpus import Corpus, obtain_corpus
from harness.environment import cache_dir
from harness.errors import BadInput
from harness.load.class_schedule import Calls, ClassSchedule, class_weights, schedule_of
from harness.load.options import Options
from harness.model import NoProgress
from harness.plan import Dialogue


class Patient:
    dialogue = Dialogue(turns=3)
    network = "lte_good"
    weight: Any = 3
    fixed_count = 0


class Hasty(Patient):
    dialogue = Dialogue(turns=1, think_ms=(0, 1))
    network = "ideal=1,lte_poor=1"
    weight = 1


OPTIONS = Options(host="ws://127.0.0.1:1", calls=40)


@pytest.fixture
def corpus() -> Corpus:
    return obtain_corpus("synthetic", cache_dir(), NoProgress())


def _schedule(
    corpus: Corpus, *users: type, network_given: bool = False, options: Options = OPTIONS
) -> Calls:
    return schedule_of(options, users, corpus, network_given=network_given, callers=8)


def test_each_class_has_its_share_of_calls_its_dialogue_and_its_networks(corpus: Corpus) -> None:
    schedule = _schedule(corpus, Patient, Hasty)
    calls = [schedule.call(number) for number in range(40)]
    assert [call.number for call in calls] == list(range(40))
    assert Counter(call.user_class for call in calls) == {"Patient": 30, "Hasty": 10}
    assert {call.user_class: len(call.utterance_ids) for call in calls} == {
        "Patient": 3,
        "Hasty": 1,
    }
    of_class = Counter((call.user_class, call.network) for call in calls)
    assert of_class == {
        ("Patient", "lte_good"): 30,
        ("Hasty", "ideal"): 5,
        ("Hasty", "lte_poor"): 5,
    }
    assert {schedule.class_of(call.number) == call.user_class for call in calls} == {True}


def test_classes_with_the_same_dialogue_do_not_say_the_same(corpus: Corpus) -> None:
    class Twin(Patient):
        weight = 3

    schedule = _schedule(corpus, Patient, Twin)
    assert isinstance(schedule, ClassSchedule)
    one, other = (
        [part.call(index).utterance_ids for index in range(5)] for part in schedule.parts.values()
    )
    assert one != other


def test_the_command_line_goes_before_what_classes_say(corpus: Corpus) -> None:
    options = replace(OPTIONS, mix=(("none", 1),), turns=2)
    schedule = _schedule(corpus, Patient, Hasty, network_given=True, options=options)
    calls = [schedule.call(number) for number in range(8)]
    assert {call.network for call in calls} == {"none"}
    assert {len(call.utterance_ids) for call in calls} == {2}


def test_one_class_is_a_schedule_of_its_own_with_its_name(corpus: Corpus) -> None:
    schedule = _schedule(corpus, Patient)
    assert schedule.call(5).user_class == schedule.class_of(5) == "Patient"


class Reacting(Patient):
    reacts = True


class Scripted(Reacting):
    script = "tool_calls"


@pytest.mark.parametrize(
    ("options", "user", "where"),
    [
        (replace(OPTIONS, turns=3), Reacting, "--turns"),
        (replace(OPTIONS, dialogue=Path("tool_calls")), Reacting, "--dialogue"),
        (OPTIONS, Scripted, "Scripted.script"),
    ],
)
def test_what_tasks_of_a_class_would_not_heed_is_refused(
    options: Options, user: type, where: str, corpus: Corpus
) -> None:
    with pytest.raises(BadInput, match="whose own tasks lead its calls") as refused:
        _schedule(corpus, user, options=options)
    assert refused.value.where == where
    with pytest.raises(BadInput):
        _schedule(corpus, Patient, user, options=options)


def test_a_fixed_count_is_a_number_of_callers_and_the_others_share_the_rest() -> None:
    class Watcher(Patient):
        fixed_count = 2

    assert class_weights([Patient, Hasty, Watcher], 10) == {
        "Patient": Fraction(6),
        "Hasty": Fraction(2),
        "Watcher": Fraction(2),
    }
    assert class_weights([Patient, Watcher], 1) == {"Patient": 0, "Watcher": 2}
