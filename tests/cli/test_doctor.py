import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.cli.doctor import show_target
from harness.engine.target_check import TargetCheck
from harness.errors import ExitCode
from harness.model import SessionRecord

KEY = "the-real-key-of-a-backend"


def doctor(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "harness", "doctor", *words],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_the_machine_is_described_without_a_target() -> None:
    done = doctor()
    assert done.returncode == ExitCode.PASS
    assert {"python", "cache", "speech", "toxiproxy", "audio", "key"} <= {
        line.split()[0] for line in done.stdout.splitlines()
    }


def test_one_call_tells_what_a_target_is_like(simulator: str) -> None:
    done = doctor(simulator, "--turns", "1", "--corpus", "synthetic")
    assert done.returncode == ExitCode.PASS, done.stderr
    assert "server_vad" in done.stdout
    assert "voice to voice" in done.stdout
    assert "not reported" not in done.stdout


def test_a_session_of_the_users_own_is_asked_for(simulator: str, tmp_path: Path) -> None:
    session = tmp_path / "session.json"
    session.write_text('{"audio": {"input": {"turn_detection": null}}}')
    done = doctor(simulator, "--turns", "1", "--corpus", "synthetic", "--session", str(session))
    assert done.returncode == ExitCode.PASS, done.stderr
    assert "turn detection  null" in done.stdout
    assert "voice to voice" in done.stdout


def test_each_session_is_opened_with_an_ephemeral_key(
    serve: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_API_KEY", KEY)
    target = serve("--api-key-env", "THEIR_KEY", THEIR_KEY=KEY)
    done = doctor(target, "--turns", "1", "--corpus", "synthetic", "--ephemeral-keys")
    assert done.returncode == ExitCode.PASS, done.stderr
    stage = next(line for line in done.stdout.splitlines() if line.startswith("ephemeral key"))
    assert stage.endswith(" ms")
    assert not re.search(rf"ek_|{KEY}", done.stdout + done.stderr)


def test_a_dialect_that_takes_no_session_refuses_one(tmp_path: Path) -> None:
    (tmp_path / "session.json").write_text('{"instructions": "Be brief."}')
    words = ("--dialect", "twilio", "--session", str(tmp_path / "session.json"))
    done = doctor("ws://127.0.0.1:9", "--corpus", "synthetic", *words)
    assert done.returncode == ExitCode.BAD_INPUT
    assert "--session: cannot be asked for in the dialect twilio" in done.stderr


def test_a_target_that_is_not_there_is_one_line() -> None:
    done = doctor("ws://127.0.0.1:9", "--corpus", "synthetic")
    assert done.returncode == ExitCode.BAD_INPUT
    assert "cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"settings_refused": "unknown voice"}, "settings        refused: unknown voice"),
        ({"settings_acknowledged": False}, "settings        not acknowledged"),
        ({"differs": ("silence_ms is 900, asked for 500",)}, "silence_ms is 900, asked for 500"),
        ({"old_names": ("response.audio.delta",)}, "response.audio.delta, and were understood"),
        ({"unreadable_messages": 2}, "2 messages could not be read"),
        ({"acknowledged": "null"}, "turn detection  null"),
    ],
)
def test_what_a_server_does_otherwise_is_told(
    told: dict[str, Any], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    session = SessionRecord(session_id="s", call_number=0, network="none", turns_planned=1, **told)
    found = TargetCheck(
        target="ws://h", first_session_s=0.3, session=session, turns=(), seen=frozenset()
    )
    assert show_target("ws://h", found) == ExitCode.FAIL
    assert words in capsys.readouterr().out


@pytest.mark.parametrize(("took_s", "slow"), [(0.4, False), (25.0, True)])
def test_a_server_that_starts_slowly_is_told_about_its_limit(
    took_s: float, slow: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    session = SessionRecord(session_id="s", call_number=0, network="none", turns_planned=1)
    found = TargetCheck(
        target="ws://h", first_session_s=took_s, session=session, turns=(), seen=frozenset()
    )
    show_target("ws://h", found)
    assert ("--setup-limit-s" in capsys.readouterr().out) is slow
