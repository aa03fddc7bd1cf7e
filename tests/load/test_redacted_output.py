"""No secret of ours leaves a Locust process, whatever a server makes of it."""

import json
import logging
import os
import re
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from websockets.sync.server import ServerConnection, serve

from harness import errors
from harness.errors import ExitCode
from harness.load.redacted_output import (
    RedactedRecord,
    redact_exceptions,
    redact_exported_logs,
)
from tests.load.conftest import expected_exit_code, lines_of, only_run, run_locust

NASTY = "sk-1\"quo'ted<&>%2Fand\\n+/=end"
PASSWORD = "proxy-pass-word"
# What the simulator makes: as it is, and in base64.
_EPHEMERAL = re.compile(rb"ek_[0-9a-f]{16}|ZWtf[0-9A-Za-z+/]{20}")


@pytest.mark.parametrize(
    ("scenario", "code", "said"),
    [
        (
            "class Caller(VoiceUser):\n    dialogue = Dialogue(turns=0)\n",
            ExitCode.BAD_INPUT,
            "got 0",
        ),
        ("raise ValueError('it is example-key-1')\n", 1, "it is [redacted]"),
    ],
)
def test_plain_locust_says_what_is_wrong_without_secrets(
    scenario: str, code: int, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "scenario.py"
    file.write_text(f"from harness.load import Dialogue, VoiceUser\n{scenario}")
    done = subprocess.run(
        [sys.executable, "-m", "locust", "-f", str(file), "--headless"],
        env=os.environ | {"HARNESS_API_KEY": "example-key-1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code
    assert said in done.stderr
    assert "example-key-1" not in done.stderr
    assert ("Traceback" in done.stderr) is (code != ExitCode.BAD_INPUT)


@given(
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=8, max_size=30
    ).filter(lambda secret: len(secret.strip()) >= 8)
)
@example(NASTY)
@example("first-half\nsecond-half")
def test_what_is_logged_holds_no_secret_in_message_traceback_or_stack(secret: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(errors, "_secrets", [])
        errors.conceal(secret)
        try:
            raise ValueError(f"{secret} and {secret!r}")
        except ValueError:
            caught = sys.exc_info()
        record = RedactedRecord(
            "locust", logging.ERROR, "a.py", 1, "it is %s", (secret,), caught, "f", f"in {secret}"
        )
        written = logging.Formatter("%(message)s").format(record)
    words = [word for word in (secret, secret.strip(), *secret.split()) if len(word) >= 8]
    assert not [word for word in words if word in written.replace("ValueError", "")]
    assert written.count("[redacted]") >= 4


def test_exceptions_that_locust_tells_of_hold_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    class Runner:
        told: tuple[str, str, str] | None = None

        def log_exception(self, node: str, message: str, trace: str) -> None:
            self.told = node, message, trace

    monkeypatch.setattr(errors, "_secrets", [])
    errors.conceal("example-key-1")
    runner = Runner()
    redact_exceptions(runner)
    runner.log_exception("local", "it is example-key-1", "at example-key-1")
    assert runner.told == ("local", "it is [redacted]", "at [redacted]")


def echo(socket: ServerConnection) -> None:
    """Be a server that says the key it was shown wherever it can say anything."""
    assert socket.request is not None
    key = socket.request.headers["Authorization"].removeprefix("Bearer ")

    def say(kind: str, **fields: object) -> None:
        socket.send(json.dumps({"type": kind, "event_id": key, **fields}))

    session = {"id": key, "model": f"m {key}", "voice": key, "tools": [{"name": key}]}
    audio = {"input": {"turn_detection": {"type": "server_vad", "note": key}}}
    say("session.created", session={**session, "audio": audio})
    for spelled in (key, quote(key, safe=""), b64encode(key.encode()).decode(), json.dumps(key)):
        say("error", error={"code": spelled, "message": f"wrong: {spelled}", "event_id": key})
    for count, _ in enumerate(socket):
        if count == 30:
            say(f"news.{key}")
            say("input_audio_buffer.speech_stopped", item_id=key)
            say("response.created", response={"id": key, "object": key})
            details = {"error": {"code": key, "message": key}}
            ended = {"id": key, "status": "failed", "status_details": details}
            say("response.done", response=ended)
        if count == 60:
            socket.close(1008, key[:100])


@contextmanager
def echoing() -> Iterator[str]:
    with serve(echo, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()


SCENARIO = """
import os
from locust import User, constant, task
from harness.load import Dialogue, VoiceUser

class Caller(VoiceUser):
    dialogue = Dialogue(turns=1)

class Loud(User):
    wait_time = constant(1)

    @task
    def shout(self):
        print("out", os.environ["HARNESS_API_KEY"])
        raise RuntimeError("it is " + os.environ["HARNESS_API_KEY"])
"""


class Seen:
    """What other processes can see of a run's processes: environment and command line."""

    def __init__(self) -> None:
        self.shown: dict[str, set[str]] = {}

    def look(self, process: psutil.Process) -> None:
        try:
            children = process.children(recursive=True)
        except psutil.NoSuchProcess:
            return  # It ended between two looks.
        for child in children:
            try:
                words, held = child.cmdline(), child.environ()
            except psutil.Error:
                continue
            name = " ".join(words[:5])
            found = {secret for secret in (NASTY, PASSWORD) if secret in str(held.values())}
            self.shown.setdefault(name, set()).update(found)
            assert not [word for word in words if NASTY in word or PASSWORD in word]


def spelled(secret: str) -> list[bytes]:
    plain = (secret, quote(secret, safe=""), b64encode(secret.encode()).decode())
    return [text.encode() for text in (*plain, json.dumps(secret)[1:-1], repr(secret)[1:-1])]


def test_a_server_that_repeats_the_key_gets_it_nowhere(tmp_path: Path) -> None:
    """The scenario does its best too: it prints the key and raises it."""
    scenario = tmp_path / "scenario.py"
    scenario.write_text(SCENARIO)
    reports, log, page = (tmp_path / name for name in ("runs", "locust.log", "locust.html"))
    words = [sys.executable, "-m", "harness", "run", str(scenario), "--corpus", "synthetic"]
    words += ["--reports", str(reports), "--calls", "1", "--users", "2", "--turns", "1"]
    secrets = {"HARNESS_API_KEY": NASTY, "HTTPS_PROXY": f"http://me:{PASSWORD}@proxy.test:3128"}
    seen = Seen()
    with echoing() as host:
        words += ["--host", host, "--logfile", str(log), "--html", str(page)]
        # It refuses the settings, too: a run all the same, so that its records are seen.
        words += ["--allow-differences"]
        with subprocess.Popen(
            [*words, "--csv", str(tmp_path / "table")],
            env=os.environ | secrets,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            alive = psutil.Process(process.pid)
            told = threading.Thread(target=lambda: outputs.extend(process.communicate(timeout=90)))
            outputs: list[bytes] = []
            told.start()
            while told.is_alive():
                seen.look(alive)
                told.join(0.05)
    written = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert {"manifest.json", "sessions.jsonl", "turns.jsonl", "summary.json", "report.html"} <= {
        path.name for path in written
    }
    assert b"RuntimeError: it is [redacted]" in written[log]
    assert b"it is [redacted]" in written[tmp_path / "table_exceptions.csv"]
    assert b"out [redacted]" in outputs[0]
    everything = [*outputs, *written.values()]
    for secret in spelled(NASTY) + spelled(PASSWORD):
        assert not [
            text[max(0, at - 200) : at + 60]
            for text in everything
            if (at := text.find(secret)) >= 0
        ]
    holders = {name for name, found in seen.shown.items() if found}
    assert len(holders) == 1
    assert "harness.load.locust_process" in holders.pop()


def test_neither_ephemeral_keys_nor_the_one_they_are_made_with_reach_a_file_or_the_screen(
    serve: Callable[..., str], tmp_path: Path
) -> None:
    """Nobody repeats them here: what is found was written by us. The sessions break, too."""
    key = "a-long-lived-key-of-27-characters"
    target = serve(
        *("--api-key-env", "THEIR_KEY", "--fault", "reset@0"),
        *("--truth", str(tmp_path / "truth.jsonl")),
        THEIR_KEY=key,
    )
    done = run_locust(
        *("--host", target, "--ephemeral-keys", "--keep-session", "--record", "all"),
        *("-u", "2", "-r", "20", "--calls", "2", "--turns", "1", "--processes", "2"),
        *("--logfile", str(tmp_path / "locust.log"), "--html", str(tmp_path / "locust.html")),
        *("--csv", str(tmp_path / "table"), "--reports", str(tmp_path / "runs")),
        reports=tmp_path / "runs",
        HARNESS_API_KEY=key,
    )
    # Locust may close its CSV files under its own writer; that traceback is searched like the rest.
    run = only_run(tmp_path / "runs")
    assert done.returncode == expected_exit_code(run), done.stdout + done.stderr
    sessions = lines_of(run / "sessions.jsonl")
    assert len(sessions) == 2
    assert all(session["minted_ns"] for session in sessions), "none was made"
    assert "reset" in (tmp_path / "truth.jsonl").read_text(), "no session broke"
    found = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert {"manifest.json", "turns.jsonl", "summary.json", "report.html", "locust.html"} <= {
        path.name for path in found
    }
    for text in (done.stdout.encode(), done.stderr.encode(), *found.values()):
        assert _EPHEMERAL.search(text) is None
        assert not [form for form in spelled(key) if form in text]


def test_what_locust_exports_of_the_log_is_the_redacted_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = "exported-secret-1"
    monkeypatch.setattr(errors, "_secrets", [])
    errors.conceal(secret)
    exported: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.name = "opentelemetry"
    handler.emit = exported.append  # type: ignore[assignment, method-assign]
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        redact_exported_logs()
        try:
            raise ValueError(secret)
        except ValueError:
            record = RedactedRecord(
                "x", logging.ERROR, "a.py", 1, {"it": secret}, (), sys.exc_info()
            )
        handler.handle(record)
    finally:
        root.removeHandler(handler)
    (plain,) = exported
    assert secret not in repr(vars(plain))
    assert plain.exc_info is None
    assert "ValueError: [redacted]" in plain.getMessage()
    assert record.exc_info is not None, "others are told of the exception as before"
