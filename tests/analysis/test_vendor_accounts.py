from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.vendor_accounts import vendor_summary
from harness.model import VendorAccount
from tests.analysis.conftest import build_run, build_turn


def summary_of(*accounts: VendorAccount):  # type: ignore[no-untyped-def]
    return vendor_summary(replace(build_run([build_turn()]), accounts=accounts))


def told(session: str, **fields: object) -> VendorAccount:
    return VendorAccount(session_id=session, **fields)  # type: ignore[arg-type]


def test_a_run_that_nothing_was_told_of_has_none() -> None:
    assert summary_of() is None


def test_only_what_was_told_is_added_up() -> None:
    found = summary_of(
        told("a", status="ended", cost=0.1, parts={"llm": 0.06, "stt": 0.04}),
        told("b", status="ended", cost=0.3, parts={"llm": 0.3}),
        told("c", status="in-progress", why="the call stands as in-progress"),
        told("d", why="there was no time to ask"),
        told("e", why="there was no time to ask"),
    )
    assert (found.calls, found.priced, found.total, found.per_call) == (5, 2, 0.4, 0.2)
    assert found.parts == {"llm": 0.36, "stt": 0.04}
    assert found.statuses == {"ended": 2, "in-progress": 1}
    assert found.missing == {"there was no time to ask": 2, "the call stands as in-progress": 1}
    assert found.latencies == ()


def test_no_cost_is_unknown_and_not_0() -> None:
    found = summary_of(told("a", status="ended", why="its cost was not told yet"))
    assert (found.total, found.per_call, found.priced) == (None, None, 0)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60))
def test_percentiles_are_latencies_that_were_told(values_ms: list[float]) -> None:
    turns = tuple({"model": value} for value in values_ms)
    (found,) = summary_of(told("a", turns_ms=(*turns, {}))).latencies
    assert (found.stage, found.n) == ("model", len(values_ms))
    assert any(abs(found.p50_ms - value) < 1e-2 + 1e-6 * value for value in values_ms)
    assert (found.p95_ms is None) is (len(values_ms) < 20)
    if found.p95_ms is not None:
        assert found.p50_ms <= found.p95_ms <= max(values_ms) + 1e-2
