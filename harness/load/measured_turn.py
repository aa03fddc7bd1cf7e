"""What a scenario sees of a turn that its caller took part in."""

from harness.analysis import heard_ms
from harness.model import TurnRecord, TurnStatus
from harness.session import HeardSoFar


class MeasuredTurn:
    """A turn: read it, it changes by itself only until it has ended.

    Attributes:
        index: Its place in the call, from 0.
        utterance_id: What the caller said.
    """

    def __init__(self, index: int, utterance_id: str) -> None:
        self.index, self.utterance_id = index, utterance_id
        self._heard: HeardSoFar | None = None
        self._record: TurnRecord | None = None

    @property
    def ended(self) -> bool:
        """Whether it is over; one whose response is to be interrupted goes on at first."""
        return self._record is not None

    @property
    def transcript(self) -> str:
        """The agent's words, as the API told them; empty where it tells none."""
        return "" if self._heard is None else self._heard.transcript

    @property
    def tools(self) -> tuple[str, ...]:
        """Names of the tools that the agent used, in order."""
        return () if self._heard is None else self._heard.tools

    @property
    def tool(self) -> str:
        """The tool that the agent used first; empty for none."""
        return self.tools[0] if self.tools else ""

    @property
    def latency_ms(self) -> float | None:
        """From the end of the caller's speech to the first audible sample; `None` if unmeasured.

        In text, from the prompt's due instant to the first text.
        In a turn that is premature it is negative.
        """
        return None if self._record is None else heard_ms(self._record)

    @property
    def status(self) -> TurnStatus | None:
        """How it ended, `None` while it goes on."""
        return None if self._record is None else self._record.status

    @property
    def fault(self) -> str:
        """Why it was not completed, by a short stable name; empty for nothing."""
        fault = None if self._record is None else self._record.fault
        return "" if fault is None else fault.code

    def __repr__(self) -> str:
        """Return it for messages of a scenario's own."""
        return f"<turn {self.index}: {self.utterance_id}, {self.status or 'under way'}>"

    def update(self, heard: HeardSoFar | None, record: TurnRecord | None = None) -> None:
        """Take what is known by now."""
        self._heard = heard or self._heard
        self._record = record or self._record
