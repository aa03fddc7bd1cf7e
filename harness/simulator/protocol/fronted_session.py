"""A session of the service with other words in front of it, such as a carrier's or a vendor's.

Whoever stands in front is a session towards its connection, and a connection towards its session.
What a turn is, and when it is answered, stays the service's affair, and so does the truth of it.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from harness.model import TruthRecord
from harness.simulator.protocol.passed_on_link import PassedOnLink
from harness.simulator.protocol.session_limits import Link, ServedSession

Told = Callable[[TruthRecord], TruthRecord]
_encode = msgspec.json.Encoder().encode
_BY_VOICE = {"type": "server_vad"}
_MODES = {False: "audio", True: "text"}
_APPEND = b'{"type":"input_audio_buffer.append","audio":"%s"}'


class NewSession(Protocol):
    """Makes the service's session."""

    def __call__(self, link: Link, told: Told) -> ServedSession:
        """Make it on a link; what it knows to be true is told as the client counts it."""


class FrontedSession(PassedOnLink):
    """What all that stand in front have in common.

    Args:
        link: The client's connection.
        new_session: Makes the session that answers.
    """

    def __init__(self, link: Link, new_session: NewSession) -> None:
        super().__init__(link)
        self._new_session = new_session
        self._session: ServedSession | None = None

    def open(self) -> None:
        """Begin: the client was let in, and speaks first."""

    def send(self, message: bytes) -> None:
        """Put an event of the service into the words that are spoken in front of it."""
        raise NotImplementedError

    def end(self) -> None:
        """Stop: the client is gone."""
        if self._session is not None:
            self._session.end()

    @property
    def has_begun(self) -> bool:
        """Whether the service's session is open."""
        return self._session is not None

    def begin(
        self,
        kind: dict[str, Any],
        told: Told,
        received_ns: int,
        *,
        tools: Sequence[dict[str, Any]] = (),
        in_text: bool = False,
    ) -> None:
        """Open the service's session.

        Args:
            kind: The format in which it hears and speaks.
            told: Puts its truth as the client counts it.
            received_ns: When the client asked for it.
            tools: The client's functions.
            in_text: It answers in text, and only when it is asked to.
        """
        self._session = self._new_session(self, told)
        self._session.open()
        audio = {
            "input": {"format": kind, "turn_detection": None if in_text else _BY_VOICE},
            "output": {"format": kind},
        }
        session: dict[str, Any] = {"type": "realtime", "output_modalities": [_MODES[in_text]]}
        session |= {"audio": audio, "tools": list(tools)}
        self.ask({"type": "session.update", "session": session}, received_ns)

    def hear_encoded(self, audio: bytes, received_ns: int) -> None:
        """Hand the caller's audio on, in base64 and in the format that was begun with."""
        if self._session is not None and audio:
            self._session.receive(_APPEND % audio, received_ns)

    def ask(self, event: dict[str, Any], received_ns: int) -> None:
        """Send the service an event."""
        if self._session is not None:
            self._session.receive(_encode(event), received_ns)
