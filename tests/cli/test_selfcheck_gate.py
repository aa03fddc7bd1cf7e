import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.bench import gate_end_to_end
from harness.bench.gate_calibration import Promise
from harness.bench.gate_speed import GateTime
from harness.cli import selfcheck_gate
from harness.cli.app import run
from harness.errors import ExitCode
from harness.recording import read_run
from tests.cli.conftest import record_run


@pytest.mark.parametrize(("share", "code"), [(0.95, ExitCode.PASS), (0.5, ExitCode.FAIL)])
def test_the_table_says_what_was_promised_and_kept(
    share: float,
    code: ExitCode,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def calibrate(trials: int, progress: object) -> Iterator[Promise]:
        yield Promise(what="held", setting="ICC 0", share=share, low=0.93, high=0.97, trials=trials)

    monkeypatch.setattr(selfcheck_gate, "calibrate", calibrate)
    file = tmp_path / "found.json"
    assert run(["selfcheck", "gate", "--no-speed", "--json", str(file)]) == code
    out = capsys.readouterr().out
    assert "held: 93% to 97% promised" in out
    assert ("NOT KEPT" in out) is (code is ExitCode.FAIL)
    assert json.loads(file.read_text())["promises"][0]["kept"] is (code is ExitCode.PASS)


def test_what_chance_explains_is_marked_and_fails_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    promise = Promise(what="held", setting="x", share=0.92, low=0.93, high=0.97, trials=500)
    monkeypatch.setattr(selfcheck_gate, "calibrate", lambda trials, progress: iter([promise]))
    assert run(["selfcheck", "gate", "--no-speed"]) == ExitCode.PASS
    out = capsys.readouterr().out
    assert "just beyond" in out
    assert "0 of 1 promises kept" in out


def test_speed_alone_tells_no_promise(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    took = GateTime(what="one run", limit_s=1.0, wall_s=0.5, cpu_s=0.4, code=0)
    monkeypatch.setattr(selfcheck_gate, "measure", lambda *_: (took,))
    monkeypatch.setattr(selfcheck_gate, "calibrate", None)
    assert run(["selfcheck", "gate", "--speed"]) == ExitCode.PASS
    out = capsys.readouterr().out
    assert "one run: 0.5 s, 0.4 s of the processor" in out
    assert "promises" not in out
    assert run(["selfcheck", "gate", "--speed", "--no-speed"]) == ExitCode.BAD_INPUT


@pytest.mark.parametrize(("slower", "code"), [(1.1, ExitCode.PASS), (1.0, ExitCode.FAIL)])
def test_the_table_of_whole_runs_says_what_the_gate_made_of_each(
    slower: float,
    code: ExitCode,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sides = [
        [read_run(record_run(tmp_path, slower=factor * (1 + n / 2_000), seed=n)) for n in range(3)]
        for factor in (slower, 1.0)
    ]
    (injection,) = (one for one in gate_end_to_end.INJECTIONS if one.what == "+10 %")
    outcome = gate_end_to_end.judge(injection, *sides)
    monkeypatch.setattr(gate_end_to_end, "measure", lambda progress: (outcome,))
    file = tmp_path / "found.json"
    assert run(["selfcheck", "gate", "--end-to-end", "--json", str(file)]) == code
    out = capsys.readouterr().out
    assert "3 pairs" in out
    assert ("NOT KEPT" in out) is (code is ExitCode.FAIL)
    told = json.loads(file.read_text())["injections"][0]
    assert told["injected"] == "+10 %"
    assert told["gate"]["comparisons"][0]["change"] == pytest.approx(slower - 1, abs=0.001)
    assert run(["selfcheck", "gate", "--end-to-end", "--speed"]) == ExitCode.BAD_INPUT
