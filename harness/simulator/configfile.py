"""A simulator from a TOML file: every key is known, every value is checked.

[server]            # every option of the command line and more
port = 8765
speed = 5.0
calls_at_once = 10   # one more call of Vapi's is queued

[latency]           # a preset, and what is different from it
preset = "gpt-realtime-2.1"
first_turn_ms = 300.0
growth_ms_per_turn = 12.0
mixture = [{ weight = 0.1, shift_ms = 3000.0, median_ms = 500.0, sigma = 0.4 }]

[speech]            # what it answers with: recorded speech, and how long the deltas are
corpus = "asterisk-en"
channel = "left"
first_delta_ms = 50
delta_ms = [20, 200]  # drawn between the two; one number for all alike

[transcription]     # transcripts of the caller: the corpus' own words, and a share of them wrong
corpus = "synthetic"
wrong = 0.1

[faults]            # name = probability, or a table
gap = 0.05
reset = { turn = 3 }
stall = { probability = 0.01, size = 400.0 }

[tools]
probability = 0.3
preamble = 0.5

[capacity]
slots = 40
service_ms = 1500.0

[calls]             # open calls that cost nothing, and what more of them do
knee = 12
slower_ms = 150.0   # or cliff_ms, or refuse = true
"""

import dataclasses
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from harness.errors import BadInput, sanitised
from harness.simulator.chance.faults import FaultRule
from harness.simulator.chance.presets import DEFAULT_PRESET, Part, Preset
from harness.simulator.settings import SimulatorConfig, find_preset
from harness.simulator.timing.call_load import CallRule
from harness.simulator.timing.capacity import CapacityRule
from harness.simulator.voice.recognising import TranscriptRule
from harness.simulator.voice.spoken_answers import DeltaSizes
from harness.simulator.voice.tools import ToolRule


class _Server(msgspec.Struct, forbid_unknown_fields=True):
    host: str | None = None
    port: int | None = None
    seed: int | None = None
    speed: float | None = None
    null: bool | None = None
    responses: int | None = None
    truth: str | None = None
    heard: str | None = None
    certificate: str | None = None
    private_key: str | None = None
    ping_interval_s: float | None = None
    session_limit_s: float | None = None
    calls_at_once: int | None = None


class _Part(msgspec.Struct, forbid_unknown_fields=True):
    weight: float
    shift_ms: float
    median_ms: float
    sigma: float


class _Latency(msgspec.Struct, forbid_unknown_fields=True):
    preset: str = DEFAULT_PRESET
    name: str | None = None
    shift_ms: float | None = None
    median_ms: float | None = None
    sigma: float | None = None
    mixture: list[_Part] | None = None
    cap_ms: float | None = None
    lead_median_ms: float | None = None
    lead_sigma: float | None = None
    lead_cap_ms: float | None = None
    tool_ms: float | None = None
    first_turn_ms: float | None = None
    growth_ms_per_turn: float | None = None
    outlier_probability: float | None = None
    outlier_ms: tuple[float, float] | None = None
    no_reply_probability: float | None = None


class _Speech(msgspec.Struct, forbid_unknown_fields=True):
    corpus: str | None = None
    channel: int | str | None = None
    first_delta_ms: int = 50
    delta_ms: int | tuple[int, int] = 100


class _Transcription(msgspec.Struct, forbid_unknown_fields=True):
    corpus: str
    wrong: float = 0.0


class _Fault(msgspec.Struct, forbid_unknown_fields=True):
    probability: float = 1.0
    turn: int | None = None
    size: float | None = None


class _Tools(msgspec.Struct, forbid_unknown_fields=True):
    probability: float = 0.0
    turns: list[int] = []
    name: str | None = None
    preamble: float = 0.0


class _Capacity(msgspec.Struct, forbid_unknown_fields=True):
    slots: int
    service_ms: float = 1000.0
    cliff_ms: float | None = None
    longest_queue: int | None = None


class _Calls(msgspec.Struct, forbid_unknown_fields=True):
    knee: int
    slower_ms: float = 0.0
    cliff_ms: float = 0.0
    refuse: bool = False


class _File(msgspec.Struct, forbid_unknown_fields=True):
    server: _Server = msgspec.field(default_factory=_Server)
    latency: _Latency | None = None
    speech: _Speech | None = None
    transcription: _Transcription | None = None
    faults: dict[str, float | _Fault] = {}
    tools: _Tools | None = None
    capacity: _Capacity | None = None
    calls: _Calls | None = None


def read_config(path: Path, port: int = 0) -> SimulatorConfig:
    """Return the configuration a file describes; what it leaves out has its default.

    Args:
        path: The file.
        port: The port, unless the file names one.

    Raises:
        BadInput: The file cannot be read, is not TOML, or has an unknown key or value.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        file = msgspec.convert(table, _File)
        return _config(file, port)
    except OSError as error:
        raise _unusable(path, sanitised(error.strerror)) from error
    except (UnicodeError, ValueError) as error:  # TOML's, msgspec's and the rules' own errors
        raise _unusable(path, sanitised(error)) from error


def _config(file: _File, port: int) -> SimulatorConfig:
    given = {"port": port} | _given(file.server)
    for name in ("truth", "heard", "certificate", "private_key"):
        if name in given:
            given[name] = Path(given[name])
    if file.latency is not None:
        given["preset"] = _preset(file.latency)
    if file.speech is not None:
        given["corpus"] = file.speech.corpus
        channel = file.speech.channel
        given["channel"] = None if channel is None else str(channel)
        sizes = file.speech.delta_ms
        least_ms, most_ms = (sizes, sizes) if isinstance(sizes, int) else sizes
        given["delta_sizes"] = DeltaSizes(file.speech.first_delta_ms, least_ms, most_ms)
    if file.transcription is not None:
        given["transcripts"] = TranscriptRule(**_given(file.transcription))
    if file.tools is not None:
        given["tools"] = ToolRule(**_given(file.tools) | {"turns": tuple(file.tools.turns)})
    if file.capacity is not None:
        given["capacity"] = CapacityRule(**_given(file.capacity))
    if file.calls is not None:
        given["calls"] = CallRule(**_given(file.calls))
    given["faults"] = tuple(_rule(name, fault) for name, fault in file.faults.items())
    return SimulatorConfig(**given)


def _preset(latency: _Latency) -> Preset:
    changes = _given(latency)
    base = find_preset(changes.pop("preset"))
    if latency.mixture is not None:
        changes["mixture"] = tuple(Part(**msgspec.structs.asdict(part)) for part in latency.mixture)
    return dataclasses.replace(base, **changes)


def _rule(name: str, fault: float | _Fault) -> FaultRule:
    if isinstance(fault, _Fault):
        return FaultRule(name=name, **msgspec.structs.asdict(fault))
    return FaultRule(name=name, probability=fault)


def _given(struct: msgspec.Struct) -> dict[str, Any]:
    return {
        name: value for name, value in msgspec.structs.asdict(struct).items() if value is not None
    }


def _unusable(path: Path, why: str) -> BadInput:
    return BadInput(
        f"cannot be used as a simulator's configuration: {why}",
        where=str(path),
        hint="See harness simulator --help for its sections",
    )
