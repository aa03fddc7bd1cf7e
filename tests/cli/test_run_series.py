import sys
from pathlib import Path

import pytest

from harness.cli.run_series import RunSeries, words_of
from harness.errors import BadInput, RunInvalid

# Stands in for `python -m harness run`: makes a run's folder and ends with the next code of a list.
_STUB = """#!{python}
import sys
from pathlib import Path
words = sys.argv[1:]
assert words[:3] == ["-m", "harness", "run"], words
folder = Path(words[words.index("--reports") + 1])
codes = folder / "codes"
first, *rest = codes.read_text().split()
codes.write_text(" ".join(rest))
if first != "4":
    made = folder / f"run-{{len(list(folder.glob('run-*')))}}"
    made.mkdir()
    (made / "manifest.json").write_text("{{}}")
print(*words)
sys.exit(int(first))
"""


@pytest.fixture
def series(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunSeries:
    stub = tmp_path / "stub"
    stub.write_text(_STUB.format(python=sys.executable))
    stub.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(stub))
    folder = tmp_path / "series"
    folder.mkdir()
    return RunSeries(folder, "conversation", ("--calls", "3"), retries=1)


def codes(series: RunSeries, *found: int) -> None:
    (series.directory / "codes").write_text(" ".join(map(str, found)))


def test_a_run_gets_its_seed_and_gives_its_folder(series: RunSeries) -> None:
    codes(series, 0)
    assert series.run("A 1 of 2", 7, ["--host", "ws://x"]) == series.directory / "run-0"
    (log,) = series.directory.glob("*.log")
    said = log.read_text().split()
    assert said[3:8] == ["conversation", "--calls", "3", "--host", "ws://x"]
    assert said[said.index("--seed") + 1] == "7"


def test_an_invalid_run_is_made_again(series: RunSeries) -> None:
    codes(series, 3, 0)
    assert series.run("A", 1).name == "run-1"
    codes(series, 3, 3)
    with pytest.raises(RunInvalid, match="A: harness run ended with 3"):
        series.run("A", 1)


def test_what_was_refused_or_broke_is_not_tried_again(series: RunSeries) -> None:
    codes(series, 4, 0)
    with pytest.raises(BadInput, match="refused"):
        series.run("A", 1)
    codes(series, 70, 0)
    with pytest.raises(RunInvalid, match="ended with 70"):
        series.run("B", 1)


def test_options_are_read_as_a_shell_reads_them() -> None:
    assert words_of("--host 'ws://a b' -u 3", "--a") == ("--host", "ws://a b", "-u", "3")
    with pytest.raises(BadInput, match="--a: cannot be read"):
        words_of("--host 'ws", "--a")
    for own in ("--seed 3", "--reports=x"):
        with pytest.raises(BadInput, match="which every run is given"):
            words_of(own, "--b")
