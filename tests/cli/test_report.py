import json
import shutil
from pathlib import Path

import pytest

from harness.cli.app import run as harness
from harness.errors import ExitCode, Fault, Party, Phase
from harness.model import (
    AudioFormat,
    CorpusFacts,
    RunEvent,
    RunEventKind,
    RunManifest,
    TurnInstants,
    TurnKind,
    TurnRecord,
    TurnStatus,
)
from harness.recording import RunDirectory, encode_lines

_MS = 1_000_000


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Make the directory of a run of 80 turns that was killed before its end."""
    path = tmp_path / "2026-01-02-conversation"
    path.mkdir()
    corpus = CorpusFacts(
        name="prompts",
        synthetic=False,
        clips=1,
        digest="ab",
        licence="",
        source="",
        end_source="exact",
        end_uncertainty_ms=0.0,
    )
    manifest = RunManifest(
        run_id=path.name,
        started_at="2026-01-02T03:04:05+00:00",
        origin_ns=0,
        scenario="conversation",
        target="ws://127.0.0.1:1",
        simulated=True,
        model="gpt-realtime",
        dialect="openai",
        corpus=corpus,
        audio=AudioFormat(24_000),
        frame_ms=20,
        turn_limit_ms=15_000.0,
        seeds={},
        schedule_hash="cd",
        calls_planned=8,
        networks=(),
    )
    RunDirectory(path, manifest).append_turns([_turn(number) for number in range(80)])
    return path


def _turn(number: int) -> TurnRecord:
    end_ns = number * 500 * _MS
    heard_ns = end_ns + (600 + number) * _MS
    return TurnRecord(
        session_id=f"s{number % 8}",
        turn_index=number // 8,
        kind=TurnKind.LATER,
        status=TurnStatus.COMPLETED,
        network="none",
        utterance_id="u",
        limit_ms=15_000.0,
        at=TurnInstants(speech_end_ns=end_ns, first_audio_ns=heard_ns, first_audible_ns=heard_ns),
    )


def test_killed_run_is_reported_with_what_it_has(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (directory / "turns.jsonl").open("ab") as file:
        file.write(b'{"session_id": "torn')
    assert harness(["report", str(directory)]) == ExitCode.PASS
    shown = capsys.readouterr().out
    assert "DEGRADED" in shown
    assert "639" in shown
    assert str(directory / "report.html") in shown
    assert (directory / "report.html").is_file()
    summary = json.loads((directory / "summary.json").read_text(encoding="utf-8"))
    assert summary["load"]["turns"] == 80


def test_no_html_writes_the_summary_only(directory: Path) -> None:
    assert harness(["report", "--no-html", str(directory)]) == ExitCode.PASS
    assert (directory / "summary.json").is_file()
    assert not (directory / "report.html").exists()


def test_invalid_run_is_told_by_the_exit_code_and_still_reported(directory: Path) -> None:
    recorded = RunEvent(kind=RunEventKind.WORKER_LOST, at_ns=0)
    with (directory / "events.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"kind": str(recorded.kind), "at_ns": 0}) + "\n")
    assert harness(["report", str(directory)]) == ExitCode.INVALID
    assert "INVALID" in (directory / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["missing", "foreign", "file"])
def test_what_is_not_a_run_is_one_line_of_bad_input(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x"
    if kind == "foreign":
        path.mkdir()
    elif kind == "file":
        path.write_text("hello")
    assert harness(["report", str(path)]) == ExitCode.BAD_INPUT
    told = capsys.readouterr()
    assert told.err.count("\n") == 1
    assert str(path) in told.err
    assert told.out == ""


def test_failed_turn_shows_in_the_table(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fault = Fault(Party.THEIRS, Phase.RESPONSE, "server_error")
    lost = TurnRecord(
        session_id="s0",
        turn_index=99,
        kind=TurnKind.LATER,
        status=TurnStatus.FAILED,
        network="none",
        utterance_id="u",
        limit_ms=15_000.0,
        at=TurnInstants(),
        fault=fault,
    )
    with (directory / "turns.jsonl").open("ab") as file:
        file.write(encode_lines([lost]))
    harness(["report", "--no-html", str(directory)])
    row = next(x for x in capsys.readouterr().out.splitlines() if x.startswith("none"))
    assert row.split()[1] == "81"
    assert row.split()[-1] == "1"


def test_prices_of_one_s_own_are_those_of_the_report(directory: Path, tmp_path: Path) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text(
        'date = "2026-11-01"\ncurrency = "EUR"\nsource = "contract"\n'
        'models."gpt-realtime" = { per_minute = 1 }\n'
    )
    harness(["report", str(directory), "--no-html", "--prices", str(prices)])
    cost = json.loads((directory / "summary.json").read_text())["cost"]
    assert cost["currency"] == "EUR"
    assert cost["prices"] == {"date": "2026-11-01", "source": "contract"}
    assert harness(["report", str(directory), "--prices", "nowhere"]) == ExitCode.BAD_INPUT


def test_a_baseline_is_compared_on_the_page_and_in_a_file(
    directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "before"
    shutil.copytree(directory, other)
    manifest = json.loads((other / "manifest.json").read_text())
    (other / "manifest.json").write_text(json.dumps(manifest | {"run_id": "before"}))
    assert harness(["report", str(directory), "--baseline", str(other)]) == ExitCode.PASS
    assert "against baseline" in capsys.readouterr().out
    assert 'id="comparison"' in (directory / "report.html").read_text()
    compared = json.loads((directory / "comparison.json").read_text())
    assert compared["baseline"] == ["before"]
    (other / "manifest.json").write_text(json.dumps(manifest | {"run_id": "x", "dialect": "y"}))
    assert harness(["report", str(directory), "--baseline", str(other)]) == ExitCode.BAD_INPUT
    assert "differ in dialect" in capsys.readouterr().err


def test_the_search_beside_a_step_is_on_its_page(directory: Path) -> None:
    found = {"calls": 4, "low": 3, "high": 5, "missed_first": None, "most_held": 4}
    document: dict[str, object] = {
        "schema": "harness.capacity/1",
        "search": {},
        "verdict": "pass",
        "sentence": "4 calls [3, 5].",
        "limit": found,
        "boundary": None,
        "curves": [],
    }
    (directory.parent / "capacity.json").write_text(json.dumps(document))
    harness(["report", str(directory)])
    assert "Held calls" in (directory / "report.html").read_text()
    assert harness(["report", str(directory), "--capacity", "nowhere"]) == ExitCode.BAD_INPUT


def test_markdown_is_written_where_asked_for(directory: Path) -> None:
    assert harness(["report", "--no-html", "--markdown", str(directory)]) == ExitCode.PASS
    assert (directory / "report.md").read_text().startswith("# gpt-realtime")
    assert not (directory / "report.html").exists()


def test_a_run_of_an_older_version_is_shown_with_what_it_has(directory: Path) -> None:
    """Fields that came later are absent from the files of runs made before."""
    later = ("arrival_stamps", "model_by_default", "model_unknown", "sessions_asked")
    manifest = json.loads((directory / "manifest.json").read_text())
    kept = {name: value for name, value in manifest.items() if name not in later}
    (directory / "manifest.json").write_text(json.dumps(kept))
    of_turns = ("responses_untold", "think_asked_ns", "think_ns", "user_class", "original_id")
    turns = [json.loads(line) for line in (directory / "turns.jsonl").read_text().splitlines()]
    lines = [json.dumps({k: v for k, v in turn.items() if k not in of_turns}) for turn in turns]
    (directory / "turns.jsonl").write_text("".join(f"{line}\n" for line in lines))
    assert harness(["report", str(directory)]) == ExitCode.PASS
    assert "The worst calls" in (directory / "report.html").read_text()
