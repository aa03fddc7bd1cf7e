import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.bench.gate_calibration import Promise
from harness.cli import selfcheck_gate
from harness.cli.app import run
from harness.errors import ExitCode


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
