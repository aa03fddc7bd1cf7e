"""Which calls of several user classes a process holds."""

import pytest

from harness.corpus import obtain_corpus
from harness.environment import cache_dir
from harness.load.call_queue import CallQueue
from harness.load.class_schedule import Calls, schedule_of
from harness.load.options import Options
from harness.load.share import Share
from harness.model import NoProgress
from harness.plan import Dialogue


class Patient:
    dialogue = Dialogue(turns=3)
    weight = 3
    fixed_count = 0


class Hasty(Patient):
    weight = 1


@pytest.fixture
def schedule() -> Calls:
    corpus = obtain_corpus("synthetic", cache_dir(), NoProgress())
    options = Options(host="ws://127.0.0.1:1", calls=40)
    return schedule_of(options, [Patient, Hasty], corpus, network_given=False, callers=8)


@pytest.mark.parametrize("slots", [1, 3, 4])
def test_every_call_is_given_out_once_to_its_class_on_any_number_of_processes(
    schedule: Calls, slots: int
) -> None:
    taken = []
    for slot in range(slots):
        queue = CallQueue(Share(origin_ns=0, slot=slot, slots=slots), 40, schedule)
        for name in ("Hasty", "Patient", "Nobody"):
            while (number := queue.take(name)) is not None:
                assert schedule.class_of(number) == name
                taken.append(number)
        assert queue.exhausted
    assert sorted(taken) == list(range(40))


def test_where_time_decides_no_class_runs_out_of_calls(schedule: Calls) -> None:
    queue = CallQueue(Share(origin_ns=0), None, schedule)
    numbers = [queue.take("Hasty") for _ in range(50)]
    assert len(set(numbers)) == 50
    assert not queue.exhausted
    assert queue.peek("Patient") == min(set(range(10)) - set(numbers))
