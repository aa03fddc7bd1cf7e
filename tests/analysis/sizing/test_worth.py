import pytest

from harness.analysis.sizing.worth import worth
from harness.errors import Fault, Party, Phase
from harness.model.capacity_document import FoundLimit
from tests.analysis.conftest import build_session

_LIMIT = FoundLimit(calls=55, low=50, high=60, missed_first=None, most_held=50)


def test_a_limit_is_worth_calls_an_hour_by_erlang_b() -> None:
    cut = build_session("b", closed_ns=1, fault=Fault(Party.THEIRS, Phase.CLOSE, "gone"))
    found = worth(_LIMIT, [build_session("a", closed_ns=60_000_000_000), cut])
    assert found is not None
    assert (found.places, found.call_s) == (50, 60)
    # 37.9 Erlang on 50 places at 1 %, from the tables of telephony.
    assert found.calls_per_hour == pytest.approx(37.9 * 60, rel=1e-3)


def test_without_a_whole_call_or_a_limit_nothing_is_known() -> None:
    assert worth(_LIMIT, []) is None
    assert worth(None, [build_session()]) is None
