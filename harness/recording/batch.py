"""Records on their way from the process that made them to the one that writes them down."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.model import Recording, RunEvent, SessionRecord, TurnRecord, VendorAccount
from harness.recording.directory import RunDirectory
from harness.recording.histogram import Histogram
from harness.recording.jsonl import decode_lines, encode_lines

_WHERE = "a worker's message"


@dataclass(slots=True)
class Batch:
    """What happened in one process since the last batch.

    Attributes:
        turns: Turns that ended.
        sessions: Sessions that ended.
        events: What happened to the run.
        accounts: What the vendor told of calls.
        histograms: Tag to the values of the interval.
        recordings: Turns recorded, with their files, for whoever keeps these.
        left_out: How many turns were to be recorded and were not, by the reason in words.
        start_ns: Start of the interval, since run start.
        end_ns: End of the interval.
    """

    turns: list[TurnRecord] = field(default_factory=list)
    sessions: list[SessionRecord] = field(default_factory=list)
    events: list[RunEvent] = field(default_factory=list)
    accounts: list[VendorAccount] = field(default_factory=list)
    histograms: dict[str, Histogram] = field(default_factory=dict)
    recordings: list[tuple[Recording, bytes]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    start_ns: int = 0
    end_ns: int = 0

    def split(self, most: int) -> "list[Batch]":
        """Return the batch as batches of at most `most` records, in order; one at least.

        Turns come before sessions, as they do in time, and histograms with the last batch. Every
        recording, which is as large as hundreds of records, has a batch of its own.
        """
        records = [*self.turns, *self.sessions, *self.events, *self.accounts]
        parts: list[Batch] = []
        for start in range(0, max(1, len(records)), most):
            part = Batch(start_ns=self.start_ns, end_ns=self.end_ns)
            for record in records[start : start + most]:
                match record:
                    case TurnRecord():
                        part.turns.append(record)
                    case SessionRecord():
                        part.sessions.append(record)
                    case RunEvent():
                        part.events.append(record)
                    case VendorAccount():
                        part.accounts.append(record)
            parts.append(part)
        parts[-1].histograms, parts[-1].left_out = self.histograms, self.left_out
        parts[-1:-1] = [
            Batch(recordings=[one], start_ns=self.start_ns, end_ns=self.end_ns)
            for one in self.recordings
        ]
        return parts

    def pack(self) -> dict[str, object]:
        """Return the batch as text, integers and the bytes of files, for a message."""
        return {
            "turns": encode_lines(self.turns).decode(),
            "sessions": encode_lines(self.sessions).decode(),
            "events": encode_lines(self.events).decode(),
            "accounts": encode_lines(self.accounts).decode(),
            "histograms": {tag: values.encode() for tag, values in self.histograms.items()},
            "recordings": encode_lines(recording for recording, _ in self.recordings).decode(),
            "audio": [data for _, data in self.recordings],
            "left_out": dict(self.left_out),
            "interval": [self.start_ns, self.end_ns],
        }

    @classmethod
    def unpack(cls, message: Mapping[str, object]) -> "Batch":
        """Return the batch that `pack` wrote; every record is validated again.

        Raises:
            BadInput: A record is not what belongs there.
            ValueError: The message is not a batch.
        """
        histograms, interval = message.get("histograms"), message.get("interval")
        left_out, audio = message.get("left_out", {}), message.get("audio", [])
        if not isinstance(histograms, dict) or not isinstance(interval, Sequence):
            raise ValueError("a worker's message is not a batch")
        if not isinstance(left_out, dict) or not isinstance(audio, Sequence):
            raise ValueError("a worker's message has no audio where it should be")
        recordings = decode_lines(_text(message, "recordings"), Recording, _WHERE)
        return cls(
            turns=list(decode_lines(_text(message, "turns"), TurnRecord, _WHERE)),
            sessions=list(decode_lines(_text(message, "sessions"), SessionRecord, _WHERE)),
            events=list(decode_lines(_text(message, "events"), RunEvent, _WHERE)),
            accounts=list(decode_lines(_text(message, "accounts"), VendorAccount, _WHERE)),
            histograms={str(tag): Histogram.decode(str(v)) for tag, v in histograms.items()},
            recordings=list(zip(recordings, audio, strict=True)),
            left_out=Counter({str(reason): int(n) for reason, n in left_out.items()}),
            start_ns=int(interval[0]),
            end_ns=int(interval[1]),
        )

    def write(self, directory: RunDirectory) -> None:
        """Append everything but recordings to a run directory."""
        directory.append_turns(self.turns)
        directory.append_sessions(self.sessions)
        directory.append_accounts(self.accounts)
        for event in self.events:
            directory.append_event(event)
        for tag, values in self.histograms.items():
            directory.append_histogram(tag, values, self.start_ns, self.end_ns)


def _text(message: Mapping[str, object], name: str) -> bytes:
    return str(message.get(name, "")).encode()
