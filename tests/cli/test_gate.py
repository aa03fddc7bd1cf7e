from datetime import date
from pathlib import Path

import pytest

from harness.cli.app import run
from harness.cli.summarising import bundled_prices, summarise_directory
from harness.errors import ExitCode
from harness.model import (
    AudioFormat,
    CorpusFacts,
    RunEvent,
    RunEventKind,
    RunManifest,
    SessionRecord,
    TurnInstants,
    TurnKind,
    TurnRecord,
    TurnStatus,
)
from harness.recording import Histogram, RunDirectory, reserve, write_summary

MS = 1_000_000


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Record 80 sessions of one turn; latencies from 801 to 880 ms."""
    path = reserve(tmp_path, "test", date(2026, 1, 2))
    corpus = CorpusFacts(
        name="made up",
        synthetic=True,
        clips=1,
        digest="",
        licence="",
        source="",
        end_source="exact",
        end_uncertainty_ms=0.0,
    )
    manifest = RunManifest(
        run_id=path.name,
        started_at="2026-01-02T03:04:05+00:00",
        origin_ns=0,
        scenario="test",
        target="ws://127.0.0.1:1",
        simulated=True,
        model="gpt-realtime-2.1",
        dialect="openai_realtime",
        corpus=corpus,
        audio=AudioFormat(24_000),
        frame_ms=20,
        turn_limit_ms=15_000.0,
        seeds={},
        schedule_hash="",
        calls_planned=80,
        networks=(),
    )
    directory = RunDirectory(path, manifest)
    for number in range(80):
        name = f"s{number}"
        at = TurnInstants(speech_end_ns=0, first_audible_ns=(801 + number) * MS)
        turn = TurnRecord(
            session_id=name,
            turn_index=0,
            kind=TurnKind.FIRST,
            status=TurnStatus.COMPLETED,
            network="none",
            utterance_id="u",
            limit_ms=15_000.0,
            at=at,
        )
        session = SessionRecord(
            session_id=name, call_number=number, network="none", turns_planned=1
        )
        directory.append_turns([turn])
        directory.append_sessions([session])
    calm = Histogram()
    calm.record_many([100_000] * 100)
    directory.append_histogram("send_lateness", calm, 0, MS)
    directory.append_histogram("loop_lag", calm, 0, MS)
    directory.append_event(RunEvent(kind=RunEventKind.FINISHED, at_ns=MS))
    return path


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


def test_a_stall_of_ours_makes_every_verdict_impossible(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = recorded / "histograms.hlog"
    log.write_text(log.read_text().replace(",0.100000,", ",50.000000,"))
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
