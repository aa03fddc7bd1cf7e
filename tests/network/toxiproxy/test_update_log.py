"""Updates of toxics: what is counted, what is marked, and that the memory of marks is bounded."""

from harness.model import NS_PER_MS
from harness.network.toxiproxy.update_log import UpdateLog


def _log() -> UpdateLog:
    return UpdateLog(tolerance_ns=10 * NS_PER_MS)


def _record(log: UpdateLog, lag_ms: float, *, good: bool = True, session_id: str = "s") -> None:
    log.record(session_id, 0, round(lag_ms * NS_PER_MS), good=good)


def test_an_empty_log_has_counts_and_no_lag() -> None:
    found = _log().stats()
    assert (found.planned, found.done, found.failed) == (0, 0, 0)
    assert found.lag_p50_ms is found.lag_p99_ms is found.lag_max_ms is None


def test_lag_is_that_of_updates_that_were_carried_out() -> None:
    log = _log()
    for lag_ms in (1, 2, 6):
        _record(log, lag_ms)
    _record(log, 500, good=False)
    found = log.stats()
    assert (found.planned, found.done, found.failed) == (4, 3, 1)
    assert (found.lag_p50_ms, found.lag_max_ms) == (2, 6)


def test_late_and_failed_updates_are_marked_by_session() -> None:
    log = _log()
    _record(log, 10)
    _record(log, 10.5)
    _record(log, 1, good=False, session_id="t")
    assert log.marks == {"s": [(0, 10_500_000)], "t": [(0, 1_000_000)]}


def test_the_marks_of_a_session_are_bounded() -> None:
    log = _log()
    for _ in range(1500):
        _record(log, 20)
    assert len(log.marks["s"]) == 1000
    assert log.stats().done == 1500


def test_forgetting_leaves_nothing() -> None:
    log = _log()
    _record(log, 20)
    _record(log, 1, good=False)
    log.forget()
    assert log.stats() == _log().stats()
    assert not log.marks
