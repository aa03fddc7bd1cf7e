from collections.abc import Callable

import pytest

from harness.analysis.load_curve import load_curve
from harness.analysis.summary import concurrency_peak
from harness.model import SessionRecord

MakeSession = Callable[..., SessionRecord]
_S = 1_000_000_000


def _sessions(make: MakeSession, *spans: tuple[float, float | None]) -> list[SessionRecord]:
    return [
        make(
            f"s{number}",
            open_start_ns=round(begin * _S),
            closed_ns=None if end is None else round(end * _S),
        )
        for number, (begin, end) in enumerate(spans)
    ]


def test_load_is_level_between_its_rise_and_its_fall(make_session: MakeSession) -> None:
    found = load_curve(_sessions(make_session, *((n, 100 + n) for n in range(10))))
    assert found is not None
    assert (found.level_from_s, found.level_until_s) == (8, 101)
    assert found.at_s[0] == 0
    assert found.open[0] == 1
    assert max(found.open) == 10


def test_a_session_without_an_end_is_open_to_the_last_known(make_session: MakeSession) -> None:
    found = load_curve(_sessions(make_session, (0, None), (5, 20)))
    assert found is not None
    assert found.level_until_s == 20
    assert load_curve(_sessions(make_session, (0, None))) is None
    assert load_curve([]) is None


def test_thousands_of_sessions_make_a_short_curve_with_the_same_peak(
    make_session: MakeSession,
) -> None:
    sessions = _sessions(make_session, *((n / 10, n / 10 + 30 + n % 7) for n in range(3_000)))
    found = load_curve(sessions)
    assert found is not None
    assert len(found.at_s) == 240
    assert max(found.open) == concurrency_peak(sessions)
    assert found.at_s[1] - found.at_s[0] == pytest.approx(found.at_s[-1] - found.at_s[-2])
