"""What every dialect must be able to do: its static facts, its words, and one session of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from harness.dialects.session_wishes import NO_WISHES, SessionWishes
from harness.model import (
    AudioDecoder,
    AudioFormat,
    Event,
    Request,
    SessionConfigured,
    SettingAnswer,
    VendorAccount,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings:
    """What a caller asks of a session.

    Attributes:
        model: The provider's name for the model.
        silence_ms: Silence after which the server may decide that the caller has finished;
            `None` leaves the server's own default.
        voice: The provider's name for a voice, empty for its default.
        instructions: The agent's instructions, empty for the provider's default.
        tools: Names of the tools that the caller's application offers.
        wishes: The session of the user's own, which goes before all of these.
        silence_given: Somebody asked for this `silence_ms`, so that wishes must not speak against
            it.
    """

    model: str = ""
    silence_ms: int | None = None
    voice: str = ""
    instructions: str = ""
    tools: tuple[str, ...] = ()
    wishes: SessionWishes = NO_WISHES
    silence_given: bool = False


class Role(StrEnum):
    """Whom harness stands for on the socket."""

    CLIENT = "client"
    CARRIER = "carrier"


@dataclass(frozen=True, slots=True, kw_only=True)
class DialectFacts:
    """What an API can tell and what it asks of the other side, by its documentation.

    What it cannot tell is not measured from its events: it is reported as missing, never as 0.

    Attributes:
        role: Whom harness stands for.
        frame_ms: Length of the caller's audio frames, where nobody asks for another.
        in_text: No audio goes either way: the caller's words are sent when they have been spoken,
            and responses are text.
        stamps_frames: Every audio message has a number of its session's own, so that encoded
            speech is shared without its envelope.
        announces_session: The server says when a session exists; otherwise it exists as soon as
            our opening messages are sent.
        takes_session: A session has settings that its client asks for.
        takes_model: Its client chooses the model.
        takes_silence: Its client chooses the silence that ends a turn.
        configures_first: Settings are the first message, and the session exists when they are
            acknowledged; otherwise they follow once it exists.
        acknowledges_settings: The server says which settings it took.
        reports_endpoint: The server says when it decided that the caller has finished.
        announces_responses: The server says when a response begins, before its audio.
        ends_responses: The server says when it has sent a response; otherwise its end is found in
            its audio.
        takes_webhooks: An application may be called at the address of its webhook, which answers
            where its socket is.
        creates_calls: Each call is created over HTTP, at the address that is given and with the
            key; the answer says where its socket is. That address needs no key: it is secret.
        reads_account: Reads what the vendor tells of a call that has ended, where calls are created
            and, below that, each has an address of its own; `None` where it tells nothing. Raises
            `MalformedMessage` of what is no call.
        ends_over_rest: An application may end the call over the carrier's REST API.
        presses_keys: Keys of a telephone that the caller presses have a message of their own.
        marks_playback: The server asks to be told what of its audio has been played, and may take
            back what has not.
        returns_cleared_marks: Marks come back at once when the audio before them is taken back;
            otherwise they never come back.
        calls_tools: The caller's application runs the model's tools.
        reports_usage: The server says what a response cost.
        mints_keys: It makes ephemeral keys for clients that must not see the real one, at the
            session's path with `/client_secrets` after it.
        sends_key: The other side is shown a key, or what is signed with one.
        hosts: Host names at which nothing else is spoken, where need be with the beginning of the
            path; one that begins with a dot stands for all names that end so. Applications behind
            carriers are anywhere.
        key_variables: Environment variables that usually hold a key of this API; the key of one
            API is not shown to another.
        source: Where these facts come from.
        as_of: Date of that source, ISO 8601.
    """

    role: Role = Role.CLIENT
    frame_ms: int = 20
    in_text: bool = False
    stamps_frames: bool = False
    announces_session: bool = True
    takes_session: bool = True
    takes_model: bool = True
    takes_silence: bool = True
    configures_first: bool = False
    acknowledges_settings: bool = True
    reports_endpoint: bool = True
    announces_responses: bool = True
    ends_responses: bool = True
    takes_webhooks: bool = False
    creates_calls: bool = False
    reads_account: Callable[[bytes], VendorAccount] | None = None
    ends_over_rest: bool = False
    presses_keys: bool = False
    marks_playback: bool = False
    returns_cleared_marks: bool = True
    calls_tools: bool = True
    reports_usage: bool = True
    mints_keys: bool = False
    sends_key: bool = True
    hosts: tuple[str, ...] = ()
    key_variables: tuple[str, ...] = ()
    source: str
    as_of: str


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """What is posted before a call's socket is dialled: an application is called, or a vendor.

    Attributes:
        content: What is posted.
        kind: Its media type.
        headers: Extra headers.
    """

    content: bytes
    kind: str
    headers: tuple[tuple[str, str], ...] = ()


class DialectSession(Protocol):
    """One session in an API's words: it numbers its messages and knows no time.

    Attributes:
        identifier: Our name for it on the wire; empty where the server names it.
        call_name: What the call is called over REST, by an application towards its carrier or by
            us towards a vendor that creates calls; empty for none.
    """

    identifier: str
    call_name: str

    def incoming(
        self, api_key: str | None, address: str, settings: SessionSettings
    ) -> IncomingCall:
        """Return what is posted to `address`, where there are webhooks, or calls are created."""

    def answered(self, document: bytes) -> str:
        """Take what was answered to that, and return the address of the call's socket.

        Raises:
            CallQueued: The call waits for others to end.
            MalformedMessage: It names none; says in words what it says instead.
        """

    def opening(self) -> list[bytes]:
        """Return the messages to send as soon as the connection is open."""

    def frame(self, encoded: bytes) -> bytes:
        """Return the next audio message, of what `Dialect.append_audio` made, where stamped."""

    def request(self, request: Request) -> list[bytes]:
        """Return the messages that say something besides audio."""

    def mark_played(self, name: str) -> list[bytes]:
        """Return the messages that say that the audio before a mark is over."""

    def playback_cleared(self) -> list[bytes]:
        """Return the messages that answer an agent that takes back its audio."""

    def parse(self, message: bytes) -> tuple[Event, ...]:
        """Turn one message into events.

        Raises:
            MalformedMessage: The message does not follow the API's own protocol.
        """

    def closing(self) -> list[bytes]:
        """Return the messages to send before the connection is closed."""


class Dialect(Protocol):
    """One API's words, in both directions: `BinaryMessage`s, or UTF-8 text as other bytes."""

    name: str
    default_model: str
    audio: AudioFormat
    facts: DialectFacts

    def open(self, identity: str) -> DialectSession:
        """Return a session that is about to begin; `identity` is its own 32 hexadecimal digits."""

    def path(self, settings: SessionSettings) -> str:
        """Return path and query for an address that names only a host."""

    def headers(self, api_key: str | None, address: str) -> list[tuple[str, str]]:
        """Return the upgrade request's extra headers; the key goes here and nowhere else.

        Args:
            api_key: The key, `None` for none.
            address: The address as the server sees it, with path and query.
        """

    def minting(self, model: str) -> bytes:
        """Return the JSON that asks for an ephemeral key, where there are such keys."""

    def minted(self, document: bytes) -> str:
        """Return the ephemeral key that was answered.

        Raises:
            MalformedMessage: There is none; the words quote nothing of the answer.
        """

    def asked(self, settings: SessionSettings) -> Mapping[str, Any]:
        """Return the session that is asked for, empty where an API has no settings.

        Raises:
            BadInput: The user's own settings ask for what cannot be had.
        """

    def detection(self, settings: SessionSettings) -> Mapping[str, Any] | None:
        """Return the turn detection that is asked for.

        Returns:
            Its `type` and, where one is asked for, its `silence_duration_ms`; empty where it is the
            server's own affair, `None` for none.
        """

    def commits(self, settings: SessionSettings) -> bool:
        """Return whether the caller says when a turn ends, since the server does not detect it."""

    def configure(self, settings: SessionSettings) -> list[bytes]:
        """Return the messages that ask for a session like this."""

    def append_audio(self, frame: bytes) -> bytes:
        """Return the message that carries one frame of raw audio in `audio`'s format.

        Where frames are stamped, what `DialectSession.frame` completes.
        """

    def decoder(self, audio: AudioFormat) -> AudioDecoder:
        """Return what decodes the audio of a response, as events carry it, in this format."""

    def old_name(self, message: bytes) -> str:
        """Return the name of a message that the API has since renamed, empty for all others."""

    def differences(
        self, settings: SessionSettings, acknowledged: SessionConfigured
    ) -> tuple[str, ...]:
        """Return in words what the server acknowledged otherwise than it was asked for."""

    def answers(
        self, settings: SessionSettings, acknowledged: SessionConfigured
    ) -> tuple[SettingAnswer, ...]:
        """Return the user's own settings, and what the server acknowledged of them."""


class MalformedMessage(ValueError):
    """A message that the vendor's protocol does not allow; the session may go on."""


class CallQueued(Exception):
    """The vendor holds a call back until others have ended: its latency would mean nothing.

    The session's `call_name` is then known, so that the call can be taken back.
    """
