from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.errors import BadInput
from harness.model import Summary, ValidityState
from harness.recording import read_summary, summary_schema, write_summary

DOCS = Path(__file__).parents[2] / "docs"
LATENESS = {"n": 0, "p50_ms": None, "p99_ms": None, "p999_ms": None, "max_ms": None, "why": "é"}
SUMMARY: dict[str, Any] = {
    "schema": "harness.summary/2",
    "run_id": "r",
    "validity": {
        "state": "DEGRADED",
        "reasons": ["it was killed"],
        "error_bound": {
            "n": 0,
            "unknown": 0,
            "over_limit": 0,
            "limit_ms": 10.0,
            "p50_ms": None,
            "p99_ms": None,
            "max_ms": None,
            "why": "no turn was measured",
            "by_loop": 0,
        },
    },
    "load": {
        "sessions": 1,
        "turns": 2,
        "turns_measured": 2,
        "turns_planned": 3,
        "turns_unrecorded": 1,
        "calls_held": 1,
        "workers_lost": 0,
        "duration_s": 1.5,
        "concurrency_peak": 1,
        "refusals": 0,
        "unreadable_messages": 0,
        "reconnects": 0,
        "outage_s": 0.0,
        "status": {"completed": 2},
        "frames_intended": 0,
        "frames_sent": 0,
        "clock_steps": 0,
        "finished": False,
    },
    "metrics": {},
    "strata": [],
    "failure_rate": {"value": 0, "low": 0, "high": 0.1, "failed": 0, "n": 2, "n_eff": 2.0},
    "send_lateness": LATENESS,
    "loop_lag": LATENESS,
    "gc_pause": LATENESS,
    "cost": {
        "currency": "USD",
        "basis": "usage",
        "total": None,
        "per_minute": None,
        "per_turn": None,
        "minutes": None,
        "turns": 0,
        "partial": False,
        "model": "m",
        "model_asked": "m",
        "models_named": [],
        "prices": {"date": "2026-01", "source": "x"},
        "note": "",
        "why": "no price",
    },
    "network": [],
    "corpus": {
        "name": "c",
        "synthetic": True,
        "clips": 1,
        "digest": "",
        "licence": "",
        "source": "",
        "end_source": "",
        "end_uncertainty_ms": 0.0,
    },
    "events": [{"kind": "finished", "at_s": 1.0, "detail": ""}],
    "provenance": {
        "started_at": "2026-01-02T03:04:05+00:00",
        "scenario": "test",
        "target": "ws://127.0.0.1:1",
        "simulated": True,
        "model": "m",
        "dialect": "openai_realtime",
        "frame_ms": 20,
        "turn_limit_ms": 15_000.0,
        "seeds": {},
        "schedule_hash": "",
        "scenario_digest": "",
        "settings": {},
        "versions": {},
        "host": {},
        "commit": "",
        "arrival_stamps": "event loop",
    },
}


def read(folder: Path, document: dict[str, Any]) -> Summary:
    (folder / "summary.json").write_bytes(msgspec.json.encode(document))
    return read_summary(folder)


def test_a_summary_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = read(tmp_path, SUMMARY)
    assert isinstance(found, Summary)
    write_summary(tmp_path, found)
    assert found == read_summary(tmp_path) == read_summary(tmp_path / "summary.json")
    assert found.validity.state is ValidityState.DEGRADED
    assert (found.load.turns, found.load.turns_planned) == (2, 3)
    assert found.loop_lag.why == "é"
    assert (found.accuracy, found.behaviour, found.load.calls_planned) == ((), None, None)


def test_what_does_not_apply_is_absent_and_what_is_not_known_is_null(tmp_path: Path) -> None:
    write_summary(tmp_path, read(tmp_path, SUMMARY))
    written = msgspec.json.decode((tmp_path / "summary.json").read_bytes())
    assert written == SUMMARY
    assert written["cost"]["total"] is None
    assert not {"paired", "behaviour", "network_changes"} & set(written)
    assert "calls_planned" not in written["load"]


def test_numbers_and_flags_are_written_also_where_they_are_the_default(tmp_path: Path) -> None:
    priced = SUMMARY["cost"] | {"tokens": {}}
    write_summary(tmp_path, read(tmp_path, SUMMARY | {"cost": priced}))
    written = msgspec.json.decode((tmp_path / "summary.json").read_bytes())
    told = ["input_text", "input_audio", "cached_text", "cached_audio"]
    told += ["output_text", "output_audio"]
    assert written["cost"]["tokens"] == dict.fromkeys(told, 0)


def test_fields_of_a_later_version_are_left_out(tmp_path: Path) -> None:
    grown = SUMMARY | {"colour": "blue", "load": SUMMARY["load"] | {"moon": 1}}
    assert read(tmp_path, grown) == read(tmp_path, SUMMARY)


def test_no_summary_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no summary here"):
        read_summary(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"schema": 1}', "\xff"])
def test_what_is_no_summary_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "summary.json").write_text(text, encoding="latin-1")
    with pytest.raises(BadInput, match=r"summary\.json"):
        read_summary(tmp_path)


def test_a_summary_of_another_schema_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"summary\.json: has schema harness\.summary/1"):
        read(tmp_path, SUMMARY | {"schema": "harness.summary/1"})


@pytest.mark.parametrize(
    "changed",
    [
        {"validity": {"state": "FINE"}},
        {"load": SUMMARY["load"] | {"turns": "2"}},
        {"failure_rate": {"value": 0}},
        {"metrics": None},
    ],
)
def test_a_field_of_the_wrong_type_is_refused_by_its_path(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    (name,) = changed
    with pytest.raises(BadInput, match=rf"summary\.json: is not a summary: .*\$\.{name}"):
        read(tmp_path, SUMMARY | changed)


def test_the_documented_schema_is_that_of_the_types() -> None:
    documented = (DOCS / "summary.schema.json").read_bytes()
    assert msgspec.json.decode(documented) == msgspec.json.decode(summary_schema()), (
        "write it anew: python -c 'from harness.recording import summary_schema;"
        ' print(summary_schema().decode(), end="")\' > docs/summary.schema.json'
    )
