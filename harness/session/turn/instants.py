"""The instants of a turn: some are kept from the first time, one from the last, all in ns.

A server may decide several times in one utterance that the caller has finished. Only the last
decision before a response was answered; what belonged to a response that was withdrawn before
anybody heard it is forgotten.
"""

from harness.model import SpeechStopped, TurnInstants, TurnKind
from harness.session.playout.response_audio import ResponseAudio
from harness.session.playout.spoken_text import SpokenText
from harness.session.sent_frames import SentFrames
from harness.session.turn.barge_in import BargeInEffect
from harness.session.turn.planned_speech import Instants, PlannedSpeech, since

_OF_A_RESPONSE = (
    *("response_created_ns", "first_text_ns", "last_text_ns"),
    "server_endpoint_ns",
)


class InstantNotes:
    """Instants of one turn.

    Args:
        before: Instants that were known when it began, by the same names.

    Attributes:
        at: Instants by the names they have in `TurnInstants`.
    """

    __slots__ = ("_before", "_decided_ns", "at")

    def __init__(self, before: Instants) -> None:
        self.at: dict[str, int] = {}
        self._before = before
        self._decided_ns: int | None = None

    def __contains__(self, name: str) -> bool:
        """Return whether an instant has been noted."""
        return name in self.at

    @property
    def is_decided(self) -> bool:
        """Whether the server has said that the caller has finished."""
        return self._decided_ns is not None

    def first(self, name: str, now_ns: int) -> None:
        """Note an instant unless it has been noted before."""
        self.at.setdefault(name, now_ns)

    def decided(self, event: object, now_ns: int) -> None:
        """Note the server's decision that the caller has finished; a commit repeats it."""
        if self._decided_ns is None or isinstance(event, SpeechStopped):
            self._decided_ns = now_ns

    def resumed(self) -> None:
        """Note that the server detected that the caller continues."""
        self._decided_ns = None

    def answers(self) -> None:
        """Keep the last decision before the response that begins."""
        self.at.pop("server_endpoint_ns", None)
        if self._decided_ns is not None:
            self.at["server_endpoint_ns"] = self._decided_ns

    def withdraw(self) -> None:
        """Forget a response that nobody heard."""
        for name in _OF_A_RESPONSE:
            self.at.pop(name, None)

    def kind(self, turn_index: int, *, interrupts: bool = False) -> TurnKind:
        """Return the stratum of a turn.

        Args:
            turn_index: Its position in the session.
            interrupts: Whether it interrupted the response before.
        """
        if "tool_call_ns" in self.at:
            return TurnKind.TOOL
        if interrupts:
            return TurnKind.BARGE_IN
        return TurnKind.LATER if turn_index else TurnKind.FIRST

    def instants(
        self,
        origin_ns: int,
        spoken: PlannedSpeech,
        sending: SentFrames,
        audio: ResponseAudio | SpokenText,
        barge_in: BargeInEffect | None = None,
    ) -> TurnInstants:
        """Return everything that is known, counted from `origin_ns`."""
        known: dict[str, int | None] = {
            "server_endpoint_ns": self._decided_ns,
            **self._before,
            **self.at,
            "speech_onset_ns": spoken.onset_ns,
            "speech_end_ns": spoken.end_ns,
            "speech_end_sent_ns": sending.end_ns,
            "last_frame_sent_ns": sending.last_ns,
            **audio.instants(),
            **({} if barge_in is None else barge_in.instants(spoken.onset_ns)),
        }
        if audio.in_text:
            # The carrier's voice is a guess, and so is when it stopped.
            known["audio_stopped_ns"] = None
        if "commit_sent_ns" in self.at:
            # The server only repeats what our client decided.
            known["server_endpoint_ns"] = None
        return since(known, origin_ns)
