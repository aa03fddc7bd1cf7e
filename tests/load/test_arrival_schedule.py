from argparse import Namespace
from pathlib import Path

import pytest

from harness.errors import BadInput
from harness.load.arrival_schedule import has_end, resolve_arrivals


def parsed(arrivals: str, **given: object) -> Namespace:
    return Namespace(**{"arrivals": arrivals, "seed": 1, "calls": 0, "run_time": None, **given})


def test_a_file_becomes_the_calls_of_each_minute_and_of_the_run(tmp_path: Path) -> None:
    table = tmp_path / "day.csv"
    table.write_text("\ufeffminute,calls\n0,4\n1,6\n", encoding="utf-8")
    found = parsed(str(table))
    resolve_arrivals(found)
    assert (found.arrivals, found.calls) == ("4,6", 10)


def test_fewer_calls_than_the_table_has_may_be_asked_for(tmp_path: Path) -> None:
    found = parsed("4,6", calls=3)
    resolve_arrivals(found)
    assert found.calls == 3


@pytest.mark.parametrize("run_time", ["5m", 300])
def test_a_ramp_takes_as_long_as_the_run(run_time: object) -> None:
    found = parsed("10/min..60/min", run_time=run_time)
    resolve_arrivals(found)
    assert found.arrivals == "10/min..60/min in 300s"
    assert found.calls == 0


def test_without_arrivals_nothing_changes() -> None:
    found = parsed("", calls=7)
    resolve_arrivals(found)
    assert (found.arrivals, found.calls) == ("", 7)


def test_a_file_that_is_none_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        resolve_arrivals(parsed(str(tmp_path / "none.csv")))
    (tmp_path / "audio.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(BadInput, match="cannot be read"):
        resolve_arrivals(parsed(str(tmp_path / "audio.csv")))
    with pytest.raises(BadInput, match="cannot be read"):
        resolve_arrivals(_folder(tmp_path))


def _folder(tmp_path: Path) -> Namespace:
    (tmp_path / "folder.csv").mkdir()
    return parsed(str(tmp_path / "folder.csv"))


@pytest.mark.parametrize(
    ("arrivals", "ends"), [("", False), ("30/min", False), ("4,6", True), ("monday.CSV", True)]
)
def test_tables_come_to_an_end_and_rates_do_not(arrivals: str, ends: bool) -> None:
    assert has_end(arrivals) is ends
