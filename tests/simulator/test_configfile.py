from pathlib import Path

import pytest

from harness.errors import BadInput
from harness.simulator import (
    CallRule,
    CapacityRule,
    DeltaSizes,
    FaultRule,
    Part,
    SimulatorConfig,
    ToolRule,
    read_config,
)

WHOLE = """
[server]
port = 9
speed = 2
null = true
truth = "t.jsonl"
session_limit_s = 60

[latency]
preset = "gpt-realtime"
first_turn_ms = 300
mixture = [{ weight = 0.1, shift_ms = 3000, median_ms = 500, sigma = 0.4 }]
outlier_ms = [1, 2]

[speech]
corpus = "asterisk-en"
channel = 1
delta_ms = [20, 200]

[faults]
gap = 0.05
reset = { turn = 3 }
stall = { probability = 0.5, size = 400 }

[tools]
probability = 0.3
turns = [2]

[capacity]
slots = 4
"""


def _read(tmp_path: Path, text: str) -> SimulatorConfig:
    path = tmp_path / "simulator.toml"
    path.write_text(text)
    return read_config(path)


def test_every_section_arrives(tmp_path: Path) -> None:
    config = _read(tmp_path, WHOLE)
    assert config.port == 9
    assert config.speed == 2
    assert config.null is True
    assert config.truth == Path("t.jsonl")
    assert config.preset.shift_ms == 228
    assert config.preset.first_turn_ms == 300
    assert config.preset.mixture == (Part(weight=0.1, shift_ms=3000, median_ms=500, sigma=0.4),)
    assert list(config.preset.outlier_ms) == [1, 2]
    assert (config.corpus, config.channel) == ("asterisk-en", "1")
    assert config.delta_sizes == DeltaSizes(50, 20, 200)
    assert config.faults == (
        FaultRule(name="gap", probability=0.05),
        FaultRule(name="reset", turn=3),
        FaultRule(name="stall", probability=0.5, size=400),
    )
    assert config.tools == ToolRule(probability=0.3, turns=(2,))
    assert config.capacity == CapacityRule(slots=4)


def test_knee_at_a_number_of_calls(tmp_path: Path) -> None:
    config = _read(tmp_path, "[calls]\nknee = 12\nslower_ms = 150.0")
    assert config.calls == CallRule(knee=12, slower_ms=150)


def test_empty_file_is_the_defaults(tmp_path: Path) -> None:
    assert _read(tmp_path, "") == SimulatorConfig()


@pytest.mark.parametrize(
    "text",
    [
        "port = 1",
        "[server]\nprot = 1",
        "[server]\nport = 'x'",
        "[server]\nport = 70000",
        "[latency]\npreset = 'nobody'",
        "[latency]\nsigma = -1",
        "[latency]\nmixture = [{ weight = 0.1 }]",
        "[faults]\nnonsense = 1.0",
        "[faults]\ngap = 3.0",
        "[faults]\ngap = { when = 3 }",
        "[tools]\nprobability = 2.0",
        "[capacity]\nservice_ms = 1.0",
        "[capacity]\nslots = 0",
        "[calls]\nknee = 3",
        "not toml",
    ],
)
def test_whatever_is_unknown_or_wrong_is_bad_input(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput):
        _read(tmp_path, text)


def test_missing_file_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        read_config(tmp_path / "none.toml")
