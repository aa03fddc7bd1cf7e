import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.cli.app import run as harness
from harness.errors import ExitCode
from harness.model import StageRecord, TokenUsage
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


def test_a_cascade_is_priced_stage_by_stage_and_its_own_machine_by_the_users_list(
    record: RecordRun, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = record(model="cascade")
    sessions = [
        replace(
            session,
            provider_session_id=f"p {session.session_id}",
            ready_ns=0,
            closed_ns=60_000_000_000,
        )
        for session in read_run(path).sessions
    ]
    (path / "sessions.jsonl").write_bytes(encode_lines(sessions))
    own = "wyoming at 127.0.0.1:10200"
    names = {"stt": "deepgram nova-3", "llm": "openai gpt-4.1-mini", "tts": own}
    log = [
        StageRecord(
            session_id=session.provider_session_id,
            response_id="r",
            frame_end_samples=(),
            frame_received_ns=(),
            endpoint_ns=0,
            transcript_ns=1,
            providers=names,
            heard_s=60.0,
            tokens_in=1_000_000,
            tokens_out=1_000_000,
            characters=1_000_000,
        )
        for session in sessions
    ]
    (path / "stages.jsonl").write_bytes(encode_lines(log))
    assert harness(["cost", str(path), "--calls", "10"]) == ExitCode.PASS
    out = capsys.readouterr().out
    assert f"unknown: TTS: no price for '{own}'" in out
    assert "0.0048" in out
    assert "not told of a cascade" in out
    prices, target = tmp_path / "prices.toml", tmp_path / "cost.json"
    prices.write_text(
        'date = "2026-11-01"\ncurrency = "USD"\nsource = "our machine"\n'
        f'[speech."{own}"]\nper_million_characters = 3.0\n'
    )
    words = ["cost", str(path), "--prices", str(prices), "--json", str(target)]
    assert harness(words) == ExitCode.PASS
    assert "2026-11-01: our machine" in capsys.readouterr().out
    (found,) = json.loads(target.read_text())["runs"]
    # A minute of speech, a million tokens each way and a million characters a call.
    assert found["cost"]["per_minute"] == pytest.approx(0.0048 + 0.40 + 1.60 + 3.0)
    assert found["cascade"]["total"] == pytest.approx(len(sessions) * 5.0048)
    assert harness([*words[:2], "--transcription", "nova-3"]) == ExitCode.BAD_INPUT
    assert "--transcription: is not asked of a cascade" in capsys.readouterr().err
