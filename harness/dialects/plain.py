"""What holds of most APIs, for dialects to begin with: nothing is configured, nothing owed."""

from collections.abc import Mapping
from typing import Any

from harness.dialects.base import IncomingCall, MalformedMessage, SessionSettings
from harness.model import Request, SessionConfigured, SettingAnswer


class PlainDialect:
    """A dialect whose API is not configured, and tells nothing of what it was asked for.

    A dialect overrides what its API does otherwise.
    """

    default_model = ""

    def path(self, _settings: SessionSettings) -> str:
        """Return the root: the user's own address has the path."""
        return "/"

    def headers(self, _api_key: str | None, _address: str) -> list[tuple[str, str]]:
        """Return no header: no key is asked for."""
        return []

    def minting(self, _model: str) -> bytes:
        """Return nothing: there are no ephemeral keys."""
        return b""

    def minted(self, _document: bytes) -> str:
        """Refuse any answer: there are no ephemeral keys.

        Raises:
            MalformedMessage: Always.
        """
        raise MalformedMessage("there are no ephemeral keys here")

    def asked(self, _settings: SessionSettings) -> Mapping[str, Any]:
        """Return no settings: the other side is configured where it runs."""
        return {}

    def detection(self, _settings: SessionSettings) -> Mapping[str, Any] | None:
        """Return nothing: how it detects turns is the other side's affair."""
        return {}

    def commits(self, settings: SessionSettings) -> bool:
        """Return whether nobody detects turns."""
        return self.detection(settings) is None

    def configure(self, _settings: SessionSettings) -> list[bytes]:
        """Return no message: there is nothing to configure."""
        return []

    def old_name(self, _message: bytes) -> str:
        """Return nothing: no message was renamed."""
        return ""

    def differences(
        self, _settings: SessionSettings, _acknowledged: SessionConfigured
    ) -> tuple[str, ...]:
        """Return nothing: settings are acknowledged as a whole, if at all."""
        return ()

    def answers(
        self, _settings: SessionSettings, _acknowledged: SessionConfigured
    ) -> tuple[SettingAnswer, ...]:
        """Return nothing: settings are acknowledged as a whole, if at all."""
        return ()


class PlainSession:
    """A session of unnumbered messages in which the other side asks for nothing.

    A session overrides what its API does otherwise.
    """

    __slots__ = ()
    identifier = call_name = ""

    def incoming(
        self, _api_key: str | None, _address: str, _settings: SessionSettings
    ) -> IncomingCall:
        """Return nothing: there are no webhooks."""
        return IncomingCall(b"", "text/plain")

    def answered(self, _document: bytes) -> str:
        """Refuse any answer: there are no webhooks.

        Raises:
            MalformedMessage: Always.
        """
        raise MalformedMessage("nothing asks webhooks here")

    def opening(self) -> list[bytes]:
        """Return no message: the other side speaks first."""
        return []

    def frame(self, encoded: bytes) -> bytes:
        """Return the message as it is."""
        return encoded

    def request(self, _request: Request) -> list[bytes]:
        """Return no message: there are no words for it."""
        return []

    def mark_played(self, _name: str) -> list[bytes]:
        """Return no message: nobody asks."""
        return []

    def playback_cleared(self) -> list[bytes]:
        """Return no message: nobody waits for it."""
        return []

    def closing(self) -> list[bytes]:
        """Return no message: closing the connection ends the session."""
        return []
