import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.cli.app import run as harness
from harness.errors import ExitCode
from harness.model import TokenUsage
from harness.recording import encode_lines, read_run

RecordRun = Callable[..., Path]


@pytest.fixture
def paid(record: RecordRun) -> Callable[..., Path]:
    """Return how to record a run whose turns have tokens of their own."""

    def pay(model: str = "gpt-realtime-2.1", usage: TokenUsage | None = None) -> Path:
        path = record(model=model)
        told = usage or TokenUsage(input_text=100, input_audio=600, output_audio=1_200)
        turns = [replace(turn, usage=told) for turn in read_run(path).turns]
        (path / "turns.jsonl").write_bytes(encode_lines(turns))
        sessions = [
            replace(session, ready_ns=0, closed_ns=120_000_000_000)
            for session in read_run(path).sessions
        ]
        (path / "sessions.jsonl").write_bytes(encode_lines(sessions))
        return path

    return pay


def test_the_account_of_a_run_names_prices_and_parts(
    paid: Callable[..., Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Each turn is a minute of the caller and one of the agent, and 100 tokens of text."""
    target = tmp_path / "cost.json"
    words = [str(paid()), "--calls", "1000", "--json", str(target)]
    assert harness(["cost", *words]) == ExitCode.PASS
    out = capsys.readouterr().out
    assert "gpt-realtime-2.1, 2026-08" in out
    assert "together" in out
    assert "USD 96.40 for 1" in out
    (found,) = json.loads(target.read_text())["runs"]
    assert found["month"]["value"] == pytest.approx(96.4)
    assert found["cost"]["total"] == pytest.approx(80 * 0.0964)
    assert sum(item["amount"] for item in found["detail"]["items"]) == pytest.approx(80 * 0.0964)


def test_an_unknown_model_has_an_unknown_cost_until_a_list_prices_it(
    paid: Callable[..., Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = str(paid("ours"))
    assert harness(["cost", path]) == ExitCode.PASS
    out = capsys.readouterr().out
    assert "unknown: no price for model 'ours'" in out
    assert "USD 0" not in out
    prices = tmp_path / "prices.toml"
    prices.write_text(
        'date = "2026-11-01"\ncurrency = "EUR"\nsource = "contract"\n'
        'models.ours = { per_minute = 0.6, note = "telephone on top" }\n'
    )
    assert harness(["cost", path, "--prices", str(prices)]) == ExitCode.PASS
    out = capsys.readouterr().out
    assert "EUR" in out
    assert "telephone on top" in out
    assert "from usage" not in out


def test_tokens_without_kinds_have_no_price(
    paid: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    lumped = TokenUsage(
        input_text=None,
        input_audio=None,
        cached_text=None,
        cached_audio=None,
        input_total=700,
        output_total=0,
    )
    assert harness(["cost", str(paid(usage=lumped))]) == ExitCode.PASS
    assert "without telling audio from text (80 turns)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--calls", "1", "--minutes", "1"], "are both given"),
        (["--transcription", "nobody"], "no price for transcription by 'nobody'"),
        (["--prices", "nowhere.toml"], "nowhere.toml: cannot be read"),
    ],
)
def test_bad_input_is_one_line(
    paid: Callable[..., Path], capsys: pytest.CaptureFixture[str], words: list[str], what: str
) -> None:
    assert harness(["cost", str(paid()), *words]) == ExitCode.BAD_INPUT
    error = capsys.readouterr().err
    assert what in error
    assert error.count("\n") == 1


def test_transcription_is_an_item_of_its_own(
    paid: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = paid()
    turns = [
        replace(turn, at=replace(turn.at, speech_onset_ns=0, speech_end_ns=60_000_000_000))
        for turn in read_run(path).turns
    ]
    (path / "turns.jsonl").write_bytes(encode_lines(turns))
    assert harness(["cost", str(path), "--transcription", "whisper-1"]) == ExitCode.PASS
    assert "80.0 minutes  0.4800" in capsys.readouterr().out
