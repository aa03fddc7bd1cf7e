"""Every vendor's agent, simulated and measured in a whole run, is as late as it truly was."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.analysis.accuracy import accuracy
from harness.model import SessionRecord
from harness.recording import read_run, read_truth
from harness.simulator import SIMULATED_PATHS
from tests.conftest import Served
from tests.load.conftest import check_held, check_turns, run_locust

QUICK = "[latency]\nshift_ms = 200.0\nmedian_ms = 50.0\n"
LISTENS = """
from harness import VoiceUser, task

class Customer(VoiceUser):
    @task
    def listen(self):
        with self.call() as call:
            turn = call.say(think_ms=50)
            call.expect(turn.transcript.isprintable() and " " in turn.transcript, "it has words")
"""
# A bot of Pipecat and an agent of Connect have no name for a session but ours.
NAMED_BY_US = ("pipecat", "amazon-connect")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """One simulator that speaks all of their APIs, and the folder of its truth."""
    folder = tmp_path_factory.mktemp("agents")
    (folder / "simulator.toml").write_text(QUICK)
    options = ("--config", str(folder / "simulator.toml"), "--truth", str(folder / "truth.jsonl"))
    server = Served(*options)
    yield server.host, folder
    server.close()


@pytest.mark.parametrize(
    "dialect", ["deepgram", "vapi", "elevenlabs", "gemini", "pipecat", "amazon-connect"]
)
def test_an_agent_is_measured_as_it_truly_was(
    dialect: str, served: tuple[str, Path], tmp_path: Path
) -> None:
    scenario = tmp_path / "listen.py"
    tells_words = dialect != "amazon-connect"
    wanted = '" " in' if tells_words else '"" =='
    scenario.write_text(LISTENS.replace('" " in', wanted))
    host, truths = served
    address = host + SIMULATED_PATHS.get(dialect, "")
    done = run_locust(
        *("--host", address, "--dialect", dialect, "-u", "3", "-r", "20", "--calls", "3"),
        scenario=scenario,
        reports=tmp_path / "r",
    )
    folder = check_held(done, tmp_path / "r")
    check_turns(folder)
    run = read_run(folder)
    (found,) = accuracy(run.turns, read_truth(truths), run.manifest)
    assert found.n > 0
    assert -10 < found.min_ms <= found.max_ms < 10
    assert dialect in NAMED_BY_US or all(_is_named(session) for session in run.sessions)
    assert all(check.passed for session in run.sessions for check in session.checks)
    assert sum(len(session.checks) for session in run.sessions) == 3
    if dialect == "vapi":
        # Whoever has the address of a call's socket can listen and speak.
        assert not [file for file in folder.rglob("*") if _holds(file, b"/transport")]
        assert sorted(one.session_id for one in run.accounts) == sorted(
            session.session_id for session in run.sessions
        )
        assert all(one.cost and one.turns_ms and not one.why for one in run.accounts)
    if dialect == "gemini":
        assert all(turn.usage and turn.usage.output_audio for turn in run.turns)
        assert not any(turn.responses_untold for turn in run.turns)


def _holds(file: Path, words: bytes) -> bool:
    return file.is_file() and words in file.read_bytes()


def _is_named(session: SessionRecord) -> bool:
    return session.provider_session_id.startswith("session-")
