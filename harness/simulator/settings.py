"""The settings of a simulator."""

from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import BadInput
from harness.simulator.chance.faults import FaultRule
from harness.simulator.chance.presets import DEFAULT_PRESET, PRESETS, Preset
from harness.simulator.timing.call_load import CallRule
from harness.simulator.timing.capacity import CapacityRule
from harness.simulator.voice.recognising import TranscriptRule
from harness.simulator.voice.recorded import Answer
from harness.simulator.voice.spoken_answers import DeltaSizes
from harness.simulator.voice.tools import ToolRule


def find_preset(name: str) -> Preset:
    """Return the preset called `name`.

    Raises:
        BadInput: There is none; the line names those there are.
    """
    if name not in PRESETS:
        known = ", ".join(PRESETS)
        raise BadInput("unknown preset", where=name, hint=f"Choose one of {known}")
    return PRESETS[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorConfig:
    """All settings of a simulator.

    Attributes:
        host: Address to listen on; loopback by default.
        port: Port to listen on, 0 for a free one.
        preset: Latencies.
        seed: Source of all draws. Equal seeds give equal draws to the n-th session.
        truth: File the truth log is appended to, `None` for no log.
        api_key: Key a client must present, `None` to accept everyone.
        refuse_at_upgrade: Refuse a bad key with HTTP 401 instead of an `error` and a close.
        null: No VAD: the last sample that is not zero ends a turn.
        heard: Folder for what each session heard, as WAV files; `None` to keep nothing.
        faults: What goes wrong, and when.
        tools: When functions are called.
        capacity: What the service can carry, `None` for everything.
        calls_at_once: Calls of Vapi's that may be open; one more is queued. `None` for any number.
        calls: What many open calls cost, `None` for nothing.
        certificate: PEM file of a certificate, which makes it a TLS server.
        private_key: PEM file of its key, when the certificate's file does not hold it.
        speed: Response audio per unit of time; 5 delivers 10 s of speech in 2 s.
        responses: Number of different responses, where speech is made up.
        corpus: Name of the recorded speech that is to be answered with, `None` to make speech up.
        channel: Which channel of it speaks: left, right or a number from 0; `None` for the first.
        answers: That speech; filled in by the code that starts the server.
        transcripts: What transcripts of the caller say, `None` for sentences of no meaning.
        delta_sizes: How long the deltas of response audio are.
        ping_interval_s: Time between pings.
        session_limit_s: Longest session.
    """

    host: str = "127.0.0.1"
    port: int = 0
    preset: Preset = field(default_factory=lambda: PRESETS[DEFAULT_PRESET])
    seed: int = 1
    truth: Path | None = None
    api_key: str | None = field(default=None, repr=False)
    refuse_at_upgrade: bool = False
    null: bool = False
    heard: Path | None = None
    faults: tuple[FaultRule, ...] = ()
    tools: ToolRule = field(default_factory=ToolRule)
    capacity: CapacityRule | None = None
    calls: CallRule | None = None
    calls_at_once: int | None = None
    certificate: Path | None = None
    private_key: Path | None = None
    speed: float = 5.0
    responses: int = 8
    corpus: str | None = None
    channel: str | None = None
    answers: tuple[Answer, ...] = ()
    transcripts: TranscriptRule | None = None
    delta_sizes: DeltaSizes = field(default_factory=DeltaSizes)
    ping_interval_s: float = 20.3
    session_limit_s: float = 3600.0

    def __post_init__(self) -> None:
        """Refuse what cannot be served."""
        if not 1.0 <= self.speed <= 1000.0:
            raise BadInput(
                f"response speed must be between 1 and 1000 times real time, got {self.speed:g}",
                where="--speed",
                hint="5 is what the service does",
            )
        if self.responses < 1:
            raise ValueError("responses must be at least 1")
        if self.calls_at_once is not None and self.calls_at_once < 1:
            raise BadInput("must be at least 1", where="calls_at_once")
        if self.seed < 0:
            raise BadInput(f"must not be negative, got {self.seed}", where="--seed")
        if not 0 <= self.port <= 65_535:
            raise BadInput(
                f"must be between 0 and 65535, got {self.port}",
                where="--port",
                hint="0 is a free one",
            )
