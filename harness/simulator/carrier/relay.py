"""An application that answers phone calls as text, with the simulated service.

It does what such applications do: it puts the caller's words to a model that streams text, passes
each piece on, says which is the last, and stops when the caller interrupts. Keys of the telephone
are answered after `#`, or when no more come.

Written from the carriers' documents and not from the callers' side, so that a mistake in one shows.
"""

from dataclasses import replace
from typing import Any

import msgspec

from harness.clock import now_ns
from harness.model import NS_PER_MS, TruthRecord
from harness.simulator.protocol.fronted_session import FrontedSession, NewSession
from harness.simulator.protocol.session_limits import Link
from harness.simulator.timing.deadlines import Deadline

RELAYS = ("twilio-relay", "telnyx-relay")
"""The carriers whose relays are answered, which is also the path of their application."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_KIND = {"type": "audio/pcmu"}
_LAST_KEY = "#"
_MORE_KEYS_NS = 1_000 * NS_PER_MS
_NO_MESSAGE = (msgspec.MsgspecError, UnicodeError, KeyError, TypeError)


class RelayApplication(FrontedSession):
    """One call.

    Args:
        link: The carrier's connection.
        new_session: Makes the session that answers.
    """

    def __init__(self, link: Link, new_session: NewSession) -> None:
        super().__init__(link, new_session)
        self._name = ""
        # When each turn of the caller came; the service counts them alike.
        self._came_ns: list[int] = []
        self._responds = False
        self._keys = ""
        self._no_more_keys: Deadline | None = None

    # -- a session, as the carrier's connection sees it -----------------------------------------

    def receive(self, message: bytes, received_ns: int) -> None:
        """Take a message of the carrier; an invalid one ends the call."""
        try:
            self._take(_decode(message), received_ns)
        except _NO_MESSAGE:
            self._link.close(1003, "not a message of a relay")

    def receive_binary(self, _message: bytes, _received_ns: int) -> None:
        """End the call: a relay has no binary messages."""
        self._link.close(1003, "a relay has no binary messages")

    def _take(self, said: dict[str, Any], received_ns: int) -> None:
        match said["type"]:
            case "setup" if not self.has_begun:
                self._name = str(said["sessionId"])
                self.begin(_KIND, self._told, received_ns, in_text=True)
            case "prompt" if said["last"]:
                self._answer(str(said["voicePrompt"]), received_ns)
            case "interrupt":
                self._stop(received_ns)
            case "dtmf":
                self._press(str(said["digit"]), received_ns)

    def _told(self, truth: TruthRecord) -> TruthRecord:
        """Return the truth about a response as the carrier counts it."""
        turn = truth.turn_index
        came_ns = self._came_ns[turn] if turn < len(self._came_ns) else None
        return replace(truth, session_id=self._name, response_id="", prompt_received_ns=came_ns)

    def _answer(self, words: str, received_ns: int) -> None:
        self._stop(received_ns)
        self._came_ns.append(received_ns)
        content = [{"type": "input_text", "text": words}]
        item = {"type": "message", "role": "user", "content": content}
        self.ask({"type": "conversation.item.create", "item": item}, received_ns)
        self.ask({"type": "response.create"}, received_ns)

    def _stop(self, received_ns: int) -> None:
        if self._responds:
            self.ask({"type": "response.cancel"}, received_ns)

    def _press(self, key: str, received_ns: int) -> None:
        """Take a key: the caller's turn is over with the last one, and counts from it."""
        if self._no_more_keys is not None:
            self._no_more_keys.cancel()
        self._keys += key

        def answer() -> None:
            keys, self._keys = self._keys, ""
            self._answer(keys, received_ns)

        due_ns = received_ns if key == _LAST_KEY else now_ns() + _MORE_KEYS_NS
        self._no_more_keys = self._link.at(due_ns, answer)

    # -- a connection, as the session sees it ---------------------------------------------------

    def send(self, message: bytes) -> None:
        """Pass on the text of responses, and which is the last."""
        try:
            said = _decode(message)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self._link.send(message)  # a planned fault
            return
        match said["type"]:
            case "response.created":
                self._responds = True
            case "response.output_text.delta":
                self._say(said["delta"], last=False)
            case "response.done":
                self._responds = False
                if said["response"]["status"] == "completed":
                    self._say("", last=True)

    def _say(self, token: str, *, last: bool) -> None:
        self._link.send(_encode({"type": "text", "token": token, "last": last}))
