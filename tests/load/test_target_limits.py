from pathlib import Path

import gevent
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BadInput
from harness.load.target_limits import StartTimes, TargetLimits, Turnstile
from tests.load.conftest import check_held, lines_of, run_locust

S = 1_000_000_000


@given(
    st.integers(1, 5),
    st.integers(1, 20),
    st.lists(st.integers(0, 3 * S), min_size=1, max_size=60),
)
def test_no_window_has_more_starts_than_the_limit(
    per_s: int, per_min: int, gaps_ns: list[int]
) -> None:
    times = StartTimes(TargetLimits(per_s=per_s, per_min=per_min))
    at_ns, began = 0, list[int]()
    for gap_ns in gaps_ns:
        at_ns = times.earliest_ns(at_ns + gap_ns)
        times.began(at_ns)
        began.append(at_ns)
    for n, window in ((per_s, S), (per_min, 60 * S)):
        for first, later in zip(began, began[n:], strict=False):
            assert later - first >= window


def test_a_start_that_is_within_the_limits_is_not_delayed() -> None:
    times = StartTimes(TargetLimits(per_s=2))
    for at_ns in (0, 5, S, S + 5):
        assert times.earliest_ns(at_ns) == at_ns
        times.began(at_ns)
    assert times.earliest_ns(S + 6) == 2 * S


def test_processes_share_a_limit_and_none_is_left_without() -> None:
    shared = TargetLimits(per_s=9, at_once=4).share(4)
    assert shared == TargetLimits(per_s=2, at_once=1)
    with pytest.raises(BadInput, match="5 processes cannot share a limit of 4"):
        TargetLimits(per_s=9, at_once=4).share(5)


def test_so_many_sessions_at_once_and_the_next_when_one_has_ended() -> None:
    over = False
    turnstile = Turnstile(TargetLimits(at_once=1), lambda: over)
    assert turnstile.pass_through(0, 100) == 100, "it was not held back"
    waiting = gevent.spawn(turnstile.pass_through, 1, 100)
    gevent.sleep(0.01)
    assert not waiting.ready()
    assert turnstile.leave(0) == 0
    start_ns = waiting.get(timeout=10)
    held_ns = turnstile.leave(1)
    assert held_ns > 0
    assert start_ns == 100 + held_ns, "what it waited is not in what counts from its start"
    turnstile.pass_through(2, 100)
    over = True
    assert turnstile.pass_through(3, 100) is None


def test_without_limits_nothing_waits() -> None:
    assert Turnstile(TargetLimits(), lambda: False).pass_through(0, 7) == 7


def test_a_run_keeps_to_the_limits_of_its_target_and_tells_what_they_delayed(
    simulator: str, tmp_path: Path
) -> None:
    (tmp_path / "harness.toml").write_text(
        f'[targets.small]\nurl = "{simulator}"\nsessions_per_s = 1\n'
    )
    done = run_locust(
        *("--host", "small", "--targets", str(tmp_path / "harness.toml")),
        *("-u", "3", "-r", "10", "--calls", "3", "--turns", "1"),
        reports=tmp_path / "reports",
    )
    run = check_held(done, tmp_path / "reports")
    sessions = lines_of(run / "sessions.jsonl")
    starts_ns = sorted(session["open_start_ns"] for session in sessions)
    assert starts_ns[1] - starts_ns[0] >= 0.9 * S
    assert starts_ns[2] - starts_ns[1] >= 0.9 * S
    assert sum(session["held_back_ns"] > 0 for session in sessions) == 2
    assert all(s["open_start_ns"] - s["scheduled_start_ns"] < 0.5 * S for s in sessions)
    assert "2 sessions began later" in done.stdout
    assert "2 sessions began later" in (run / "report.html").read_text()
