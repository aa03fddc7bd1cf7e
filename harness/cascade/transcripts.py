"""What the caller said, turn by turn: asked of STT at once, and told where a session wants it."""

import asyncio
from dataclasses import dataclass
from math import ceil

from harness.cascade.providers.base import ProviderFailed, SpeechToText
from harness.simulator.protocol import event_order
from harness.simulator.protocol.answers import AnsweringSession
from harness.simulator.protocol.conversation import Conversation, Item
from harness.simulator.protocol.refusals import Refused
from harness.simulator.voice.listening import Heard
from harness.simulator.voice.sound_formats import SoundFormat


@dataclass(frozen=True, slots=True)
class Transcript:
    """The transcript of a turn, or why there is none."""

    text: str = ""
    failed: ProviderFailed | None = None


class Transcripts:
    """The transcripts of one session.

    Args:
        host: The session.
        conversation: Where the caller's items are.
        stt: Writes down what was said.
        limit_s: How long that may take.
    """

    def __init__(
        self,
        host: AnsweringSession,
        conversation: Conversation,
        stt: SpeechToText,
        limit_s: float,
    ) -> None:
        self._host, self._conversation, self._stt = host, conversation, stt
        self._limit_s = limit_s
        self._running: set[asyncio.Task[Transcript]] = set()

    @property
    def running(self) -> frozenset[asyncio.Task[Transcript]]:
        """Those that are not there yet."""
        return frozenset(self._running)

    def begin(self, heard: Heard, sound: SoundFormat) -> "asyncio.Task[Transcript]":
        """Ask for the transcript of a turn that has just become an item."""
        assert heard.item_id is not None
        item = self._conversation.find("retrieve", heard.item_id)
        audio = b"" if item.audio is None else item.audio() or b""
        pcm = sound.decode(audio).astype("<i2").tobytes()
        task = asyncio.create_task(self._transcribe(item, pcm, sound.rate_hz, heard.duration_s))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def end(self) -> None:
        """Stop: nobody waits for them."""
        for task in self._running:
            task.cancel()

    async def _transcribe(
        self, item: Item, pcm: bytes, rate_hz: int, duration_s: float
    ) -> Transcript:
        try:
            async with asyncio.timeout(self._limit_s):
                text = (await self._stt.transcribe(pcm, rate_hz)).strip()
        except TimeoutError:
            failed = ProviderFailed("STT", f"had no transcript after {self._limit_s:g} s")
        except ProviderFailed as error:
            failed = error
        else:
            self._tell(item, text, duration_s)
            return Transcript(text)
        self._tell_of_failure(item, failed)
        return Transcript(failed=failed)

    @property
    def _wanted(self) -> bool:
        return self._host.configuration["audio"]["input"]["transcription"] is not None

    def _tell(self, item: Item, text: str, duration_s: float) -> None:
        item.wire["content"][0]["transcript"] = text
        if not self._wanted or not self._is_kept(item):
            return
        place = {"item_id": item.id, "content_index": 0}
        for kind in event_order.TRANSCRIPT_DELTAS:
            self._host.emit(kind, **place, delta=text)
        counted = {"type": "duration", "seconds": ceil(duration_s)}
        for kind in event_order.TRANSCRIBED:
            self._host.emit(kind, **place, transcript=text, usage=counted)

    def _tell_of_failure(self, item: Item, failed: ProviderFailed) -> None:
        if not self._wanted or not self._is_kept(item):
            return
        error = {"type": "transcription_error", "code": "stt_failed", "message": str(failed)}
        for kind in event_order.NOT_TRANSCRIBED:
            self._host.emit(kind, item_id=item.id, content_index=0, error=error)

    def _is_kept(self, item: Item) -> bool:
        """Return whether the client has not deleted the item meanwhile."""
        try:
            self._conversation.find("retrieve", item.id)
        except Refused:
            return False
        return True
