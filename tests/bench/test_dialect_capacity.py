from types import SimpleNamespace
from typing import Any

import pytest

from harness.bench import dialect_capacity
from harness.bench.dialect_capacity import COMPARED, compare_dialects
from harness.bench.host_watch import Watched
from harness.dialects import find_dialect
from harness.model import NoProgress
from tests.bench.trials import sample

HOLDS = {"openai": 800, "twilio": 600}


class _Machine:
    """Children that hold what is known, and take a tenth of a percent of a core a session."""

    def __init__(self, *words: str, core: int | None = None) -> None:
        del core
        self.pid, self._words = 1, words

    def __enter__(self) -> "_Machine":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def address(self) -> str:
        return "ws://127.0.0.1:1"

    def ask(self, question: str, limit_s: float = 0.0) -> dict[str, Any]:
        del limit_s
        dialect = self._words[self._words.index("--dialect") + 1]
        assert self._words[2] == "ws://127.0.0.1:1" + ("/twilio" if dialect == "twilio" else "")
        number = int(question.split(maxsplit=1)[0])
        late_ms = 1.0 if number <= HOLDS[dialect] else 50.0
        used_s = number / 1000
        return sample(number, late_p99_ms=late_ms, cpu_s=used_s, window_s=1.0)


class _Watch(_Machine):
    note = ""

    def between(self, _from_ns: int, _until_ns: int) -> Watched:
        return Watched(beyond=(0, 0, 0), longest_ms=0.0)


def test_one_dialect_shares_its_frames_and_the_other_does_not() -> None:
    stamped = [find_dialect(name).facts.stamps_frames for name in COMPARED]
    assert stamped == [False, True]


def test_both_are_searched_and_compared_at_one_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialect_capacity, "Child", _Machine)
    monkeypatch.setattr(dialect_capacity, "HostWatch", _Watch)
    monkeypatch.setattr(
        dialect_capacity,
        "machine",
        SimpleNamespace(client_and_server_core=lambda: None, load_average=lambda: None, facts=dict),
    )
    openai, twilio = compare_dialects(NoProgress()).dialects
    for row in (openai, twilio):
        assert row.confirmed
        assert row.sessions is not None
        assert HOLDS[row.dialect] / 1.2 <= row.sessions <= HOLDS[row.dialect]
        assert row.compared_sessions == twilio.sessions
        assert row.cpu_ms_per_session_s == pytest.approx(1.0)
        assert (row.late_p99_ms, row.late_p999_ms) == (1.0, 2.0)
        assert row.kb_per_session == pytest.approx(40.0)
