from datetime import UTC, datetime

import pytest

from harness.simulator.vendors import vapi_books
from harness.simulator.vendors.vapi_books import SETTLED_AFTER_NS, VapiBook
from tests.simulator.vendors.test_vapi_call import MS, truth


class Clock:
    """Both clocks, turned by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ns = 5 * MS
        monkeypatch.setattr(vapi_books, "now_ns", lambda: self.ns)
        monkeypatch.setattr(vapi_books, "wall_time", lambda: datetime(2026, 1, 1, tzinfo=UTC))


def test_a_call_is_priced_by_its_length_some_time_after_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock(monkeypatch)
    book = VapiBook("call-1", {})
    assert (book.told()["status"], book.told()["createdAt"]) == (
        "queued",
        "2026-01-01T00:00:00.000Z",
    )
    book.begin()
    assert book.told()["status"] == "in-progress"
    clock.ns += 60_000 * MS
    book.end("customer-ended-call")
    book.end("call-deleted")
    told = book.told()
    assert (told["status"], told["endedReason"], told["cost"]) == (
        "ended",
        "customer-ended-call",
        0,
    )
    clock.ns += SETTLED_AFTER_NS
    told = book.told()
    assert told["cost"] == pytest.approx(0.11)
    assert told["costBreakdown"]["vapi"] == pytest.approx(0.05)
    assert not book.is_open


def test_a_turn_is_as_long_as_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    Clock(monkeypatch)
    book = VapiBook("call-1", {})
    book.add_turn(truth(400, 0.0, 400.0))
    book.end("")
    (turn,) = book.told()["artifact"]["performanceMetrics"]["turnLatencies"]
    assert turn["turnLatency"] == pytest.approx(400.0)
    assert turn["modelLatency"] + turn["voiceLatency"] == pytest.approx(400.0)
