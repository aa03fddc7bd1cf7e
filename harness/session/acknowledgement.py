"""What the server said of the session that it was asked for: its model, settings and refusals."""

from dataclasses import replace
from typing import Any

from harness.errors import Party, sanitised
from harness.model import (
    Event,
    Notice,
    ProviderError,
    SessionConfigured,
    SessionCreated,
    TurnRecord,
    TurnStatus,
)

_MOST_NAMES = 6


class Acknowledgement:
    """Keeps what a server says of a session; one that is opened anew is configured anew.

    Attributes:
        provider_session_id: The provider's name for the session.
        model: The model it named.
        configured: Whether it acknowledged any settings.
        acknowledged: Its turn detection, as JSON; empty where it named none.
        refused: Its words when it refused the settings; empty when it did not.
        last_error: The latest error of any kind.
        unanswering: Why, by its own settings, no turn is answered; empty where nothing says so.
    """

    __slots__ = (
        "_others",
        "_unreadable",
        "acknowledged",
        "configured",
        "last_error",
        "model",
        "provider_session_id",
        "refused",
        "unanswering",
    )

    def __init__(self) -> None:
        self.provider_session_id = self.model = self.acknowledged = self.refused = ""
        self.last_error: ProviderError | None = None
        self.configured, self.unanswering = False, ""
        # Messages since the last turn was recorded of which nothing is heard.
        self._others: tuple[str, ...] = ()
        self._unreadable = 0

    def note(self, event: Event, *, just_configured: bool) -> None:
        """Take an event.

        Args:
            event: Any event of the server.
            just_configured: The session exists, and the caller has not finished speaking in any
                turn: an error then, from a server that says neither what it refuses nor what it
                accepts, is taken for a refusal of the settings.
        """
        if isinstance(event, SessionCreated | SessionConfigured):
            self.provider_session_id = event.provider_session_id or self.provider_session_id
            self.model = event.model or self.model
        match event:
            case SessionConfigured():
                self.configured, self.acknowledged, self.refused = True, event.acknowledged, ""
                self.unanswering = _unanswering(event)
            case Notice(name) if name not in self._others and len(self._others) < _MOST_NAMES:
                self._others = (*self._others, name)
            case ProviderError():
                self.last_error = event
                assumed = not self.configured and just_configured
                if assumed if event.of_settings is None else event.of_settings:
                    self.refused = words_of(event)

    def recorded(self, *, expected: bool) -> dict[str, Any]:
        """Return the fields of a session's record that tell what the server said of it.

        Args:
            expected: Whether the server could have acknowledged settings.
        """
        return {
            "model": sanitised(self.model),
            "acknowledged": self.acknowledged,
            "settings_acknowledged": self.configured if expected else None,
            "settings_refused": self.refused,
        }

    def explained(self, record: TurnRecord, unreadable: int, *, commits: bool) -> TurnRecord:
        """Return a turn that was never answered with the reason that the server gives by the way.

        That is one of its settings, or what came in place of audio that is understood.

        Args:
            record: The turn, each of a session once.
            unreadable: Messages of the session that could not be read.
            commits: The caller ends its turns itself: no setting is then a reason.
        """
        others, self._others = self._others, ()
        unread, self._unreadable = unreadable - self._unreadable, unreadable
        fault = record.fault
        if fault is None or record.status is not TurnStatus.NO_REPLY:
            return record
        if self.unanswering and not commits:
            words = f"{self.unanswering}; {fault.detail}".removesuffix("; ")
        else:
            found = [f"{unread} messages that cannot be read"] if unread else []
            if fault.code == "empty_reply":
                found += others
            if not found:
                return record
            words = f"{fault.detail}; there came {', '.join(found)}"
        return replace(record, fault=replace(fault, party=Party.THEIRS, detail=words))


def stated_formats(event: Event) -> SessionConfigured | None:
    """Return what says how audio is written from now on, `None` where an event does not."""
    if isinstance(event, SessionCreated):
        return event.formats
    return event if isinstance(event, SessionConfigured) else None


def _unanswering(configured: SessionConfigured) -> str:
    if configured.detects_turns is False:
        return f"this server does not detect turns (turn_detection is {configured.acknowledged})"
    if configured.answers is False:
        return "this server answers no turn by itself (create_response is false)"
    return ""


def words_of(error: ProviderError) -> str:
    """Return an error in words: its code, and what it says."""
    return f"{error.code}: {error.detail}".removeprefix(": ")
