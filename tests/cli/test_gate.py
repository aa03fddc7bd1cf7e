from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli.app import run
from harness.cli.summarising import summarise_directory
from harness.errors import ExitCode
from harness.load.price_list import bundled_prices
from harness.model import RunEvent, RunEventKind
from harness.recording import encode_lines, write_summary


@pytest.fixture
def recorded(record: Callable[..., Path]) -> Path:
    return record()


def objectives(tmp_path: Path, limit_ms: float, percentile: int = 95) -> str:
    file = tmp_path / "slo.toml"
    file.write_text(
        f'[[objective]]\nmetric = "voice_to_voice"\npercentile = {percentile}\n'
        f"limit_ms = {limit_ms}\n"
    )
    return str(file)


@pytest.mark.parametrize(
    ("limit_ms", "percentile", "code", "word"),
    [
        (1_000, 95, ExitCode.PASS, "PASS"),
        (810, 95, ExitCode.FAIL, "FAIL"),
        (877, 95, ExitCode.INCONCLUSIVE, "INCONCLUSIVE"),
        (60_000, 99, ExitCode.INCONCLUSIVE, "INCONCLUSIVE"),
    ],
)
def test_the_verdict_is_the_exit_code(
    recorded: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    limit_ms: float,
    percentile: int,
    code: ExitCode,
    word: str,
) -> None:
    assert run(["gate", str(recorded), "--slo", objectives(tmp_path, limit_ms, percentile)]) == code
    one, *_, last = capsys.readouterr().out.splitlines()
    assert one.startswith(word)
    assert f"voice_to_voice P{percentile} at most {limit_ms:g} ms" in one
    assert ("to settle it" in one) is (code is ExitCode.INCONCLUSIVE)
    assert last == f"{word}: {recorded.name}"


def test_a_summary_file_is_judged_as_its_run_is(recorded: Path, tmp_path: Path) -> None:
    write_summary(recorded, summarise_directory(recorded)[1])
    slo = objectives(tmp_path, 1_000)
    assert run(["gate", str(recorded / "summary.json"), "--slo", slo]) == ExitCode.PASS


def test_a_worker_that_was_lost_makes_every_verdict_impossible(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (recorded / "events.jsonl").open("ab") as events:
        events.write(encode_lines([RunEvent(kind=RunEventKind.WORKER_LOST, at_ns=1)]))
    code = run(["gate", str(recorded), "--slo", objectives(tmp_path, 1_000)])
    assert code == ExitCode.INVALID
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "INVALID" in shown.err
    assert len(shown.err.splitlines()) == 1


def test_a_run_that_did_not_finish_is_judged_with_the_caveat(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (recorded / "events.jsonl").unlink()
    assert run(["gate", str(recorded), "--slo", objectives(tmp_path, 1_000)]) == ExitCode.PASS
    assert "DEGRADED" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize("text", ["[[", "", "objective = 1", "\x00"])
def test_a_broken_file_of_objectives_is_bad_input(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    file = tmp_path / "slo.toml"
    file.write_text(text)
    assert run(["gate", str(recorded), "--slo", str(file)]) == ExitCode.BAD_INPUT
    assert "slo.toml" in capsys.readouterr().err


def test_missing_files_are_bad_input(recorded: Path, tmp_path: Path) -> None:
    slo = objectives(tmp_path, 1_000)
    assert run(["gate", str(recorded), "--slo", str(tmp_path / "no")]) == ExitCode.BAD_INPUT
    assert run(["gate", str(tmp_path / "no"), "--slo", slo]) == ExitCode.BAD_INPUT
    assert run(["gate", str(recorded)]) == ExitCode.BAD_INPUT


def test_the_bundled_prices_can_be_read() -> None:
    prices = bundled_prices()
    assert prices.currency == "USD"
    assert prices.of_model("gpt-realtime-2.1") is not None
    assert prices.of_model("gpt-realtime-2025-08-28") == prices.of_model("gpt-realtime")


def several(record: Callable[..., Path], slower: float, first: int) -> list[str]:
    """Record four runs whose latencies differ a little from each other."""
    return [str(record(slower=slower * (1 + n / 200), seed=first + n)) for n in range(4)]


@pytest.mark.parametrize(
    ("slower", "code"), [(1.0, ExitCode.PASS), (1.2, ExitCode.FAIL), (1.05, ExitCode.INCONCLUSIVE)]
)
def test_runs_are_held_against_all_baseline_runs(
    record: Callable[..., Path], capsys: pytest.CaptureFixture[str], slower: float, code: ExitCode
) -> None:
    baseline, runs = several(record, 1.0, 0), several(record, slower, 50)
    assert run(["gate", *runs, "--baseline", *baseline]) == code
    out = capsys.readouterr().out
    assert "voice_to_voice P95 against baseline" in out
    assert "4 against 4 runs" in out
    assert "4 in 5" in out or "4 of 5" in out
    assert "by decile" in out
    assert out.splitlines()[-1].startswith(code.name.split("_")[0])
    assert out.splitlines()[-1].count("2026-01-02-test") == 8


def test_pairs_are_asked_for_or_found(
    record: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    baseline, runs = several(record, 1.0, 0), several(record, 1.1, 0)
    run(["gate", *runs, "--baseline", *reversed(baseline)])
    assert "4 pairs, SD of a pair 0.0%" in capsys.readouterr().out
    run(["gate", *runs, "--baseline", *baseline, "--unpaired"])
    assert "4 against 4 runs" in capsys.readouterr().out
    assert run(["gate", *runs, "--paired", "--baseline", baseline[0]]) == ExitCode.BAD_INPUT


def test_one_run_against_one_needs_to_know_how_runs_differ(
    record: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["gate", str(record(slower=1.5, seed=1)), "--baseline", str(record())]
    assert run(words) == ExitCode.INCONCLUSIVE
    assert "--run-sd" in capsys.readouterr().out
    assert run([*words, "--run-sd", "0.02"]) == ExitCode.FAIL


def test_unlike_runs_are_refused_with_both_values(
    record: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["gate", str(record(seed=1)), "--baseline", str(record(model="other"))]
    assert run(words) == ExitCode.BAD_INPUT
    told = capsys.readouterr().err
    assert "gpt-realtime-2.1 in" in told
    assert "other in" in told
    assert run([*words, "--allow-different", "model", "--run-sd", "0.01"]) == ExitCode.PASS


def test_what_cannot_be_compared_is_bad_input(recorded: Path, record: Callable[..., Path]) -> None:
    write_summary(recorded, summarise_directory(recorded)[1])
    other = record()
    summary = str(recorded / "summary.json")
    assert run(["gate", str(other), "--baseline", summary]) == ExitCode.BAD_INPUT
    assert run(["gate", str(other), "--baseline", str(other)]) == ExitCode.BAD_INPUT
    assert run(["gate", str(other), "--baseline"]) == ExitCode.BAD_INPUT
    (other / "turns.jsonl").unlink()
    assert run(["gate", str(other), "--baseline", str(recorded)]) == ExitCode.BAD_INPUT


def test_a_baseline_of_another_schema_is_refused_by_name(
    recorded: Path, record: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = record() / "manifest.json"
    text = manifest.read_text()
    manifest.write_text(text.replace('"harness.manifest/', '"harness.manifest/9'))
    assert run(["gate", str(recorded), "--baseline", str(manifest.parent)]) == ExitCode.BAD_INPUT
    assert "has schema harness.manifest/9" in capsys.readouterr().err
