from pathlib import Path
from typing import Any

import pytest

from harness.bench import simulated_run
from harness.bench.simulated_run import hold

QUICK = "[latency]\nshift_ms = 200.0\nmedian_ms = 50.0\n"


class Both:
    """Simulator and run in one, which look at what they were started with and do nothing."""

    def __init__(self, *words: Any, **settings: Any) -> None:
        self.words, self.settings = words, settings
        Both.made.append(self)

    made: list["Both"]

    def __enter__(self) -> "Both":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def address(self) -> str:
        config = self.words[self.words.index("--config") + 1]
        assert Path(config).read_text() == QUICK
        return "ws://127.0.0.1:1"

    def finish(self, _limit_s: float) -> None:
        options = self.settings["options"]
        script = Path(options[options.index("--dialogue") + 1])
        assert script.read_text().endswith("[[turn]]\n")
        assert self.settings["folder"].is_dir()


def test_a_run_is_held_to_its_end_and_read_beside_its_truth(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Both.made = []
    monkeypatch.setattr(simulated_run, "Child", Both)
    monkeypatch.setattr(simulated_run, "LocustRun", Both)
    monkeypatch.setattr(simulated_run, "read_run", lambda folder: folder.name)
    monkeypatch.setattr(simulated_run, "read_truth", lambda _folder: ("true",))
    options = ("--dialect", "twilio", "--calls", "2")
    found: Any = hold(QUICK, 2, dialogue="[[turn]]\n", options=options, path="/twilio")
    assert found == ("run", ("true",))
    simulator, run = Both.made
    assert run.words == ("ws://127.0.0.1:1/twilio", 2)
    assert simulator.words[-1].endswith("run/truth.jsonl")
    assert set(options) <= set(run.settings["options"])


def test_what_is_not_served_is_told_in_the_words_of_the_run() -> None:
    options = ("--dialect", "twilio", "--calls", "1")
    with pytest.raises(RuntimeError, match="404"):
        hold(QUICK, 1, options=options, path="/nothing")
