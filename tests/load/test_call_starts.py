"""Which call of a process begins next, without a loop or a server."""

from dataclasses import replace

import gevent
import pytest

from harness.corpus import Corpus, obtain_corpus
from harness.environment import cache_dir
from harness.load.call_starts import CallStarts
from harness.load.class_schedule import schedule_of
from harness.load.options import Options
from harness.load.share import Share
from harness.load.target_limits import TargetLimits
from harness.model import NoProgress
from harness.plan import Dialogue


class Near:
    dialogue = Dialogue(turns=1)
    weight = 1
    fixed_count = 0


class Far(Near):
    pass


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return obtain_corpus("synthetic", cache_dir(), NoProgress())


def _starts(corpus: Corpus, far: str) -> CallStarts:
    near = Options(host="ws://one/a", calls=8, limits=TargetLimits(at_once=1))
    schedule = schedule_of(
        near,
        [Near, Far],
        corpus,
        network_given=False,
        callers=2,
        of_class={"Near": near, "Far": replace(near, host=far)},
    )
    starts = CallStarts(near, schedule)
    starts.begin(Share(origin_ns=0), lambda number, planned_ns: None)
    return starts


def test_classes_are_held_to_the_limits_of_their_own_server(corpus: Corpus) -> None:
    starts = _starts(corpus, "ws://other/a")
    near, far = starts.next("Near"), starts.next("Far")
    assert near is not None
    assert far is not None
    assert starts.leave(near[0]) == starts.leave(far[0]) == 0


def test_classes_at_one_server_have_its_limits_together(corpus: Corpus) -> None:
    starts = _starts(corpus, "ws://one/b")
    assert starts.next("Near") is not None
    waiting = gevent.spawn(starts.next, "Far")
    gevent.sleep(0)
    assert not waiting.ready()
    starts.end()
    assert waiting.get(timeout=10) is None
    assert starts.exhausted
