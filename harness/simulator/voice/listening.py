"""The caller's audio as it comes in: turns found by VAD or made by the client's commit.

Audio is heard and counted; the end of it is kept for the item that it may become.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Protocol

from harness.clock import now_ns
from harness.model import ns_from_samples
from harness.simulator.protocol import event_order, refusals, usage
from harness.simulator.protocol.configuration import Json
from harness.simulator.protocol.conversation import Conversation, Item
from harness.simulator.voice.arrivals import Arrivals
from harness.simulator.voice.audio_archive import AudioArchive, AudioTrack
from harness.simulator.voice.null_endpointing import LastSample
from harness.simulator.voice.sound_formats import FORMATS, PCM, SoundFormat
from harness.simulator.voice.voice_activity import Started, Stopped, VoiceActivity

_LEAST_COMMIT_MS = 100
_LONGEST_FRAME_BYTES = 9_600
# Of a caller who is not speaking the padding is kept, and what it takes to hear that speech begins.
_ONSET_MS, _MOST_KEPT_MS = 150, 30_000
_SEMANTIC_PREFIX_MS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the server knew of the caller's turn when it decided to answer.

    Attributes:
        frame_end_samples: Total samples received after each of the last frames.
        frame_received_ns: When each of those frames came.
        end_sample: Last voiced sample, `None` when there was no speech to answer.
        endpoint_ns: When the turn was taken to be over.
        anchor_ns: The instant latency counts from.
        item_id: The caller's item, `None` when there is none.
        duration_s: Length of its audio.
        started_ns: When the caller was heard to begin, `None` without voice activity detection.
    """

    frame_end_samples: tuple[int, ...]
    frame_received_ns: tuple[int, ...]
    end_sample: int | None
    endpoint_ns: int
    anchor_ns: int
    item_id: str | None = None
    duration_s: float = 0.0
    started_ns: int | None = None


class ListeningSession(Protocol):
    """The session as turn detection reports to it."""

    def emit(self, kind: str, **fields: Any) -> None:
        """Send one event."""

    def new_id(self, prefix: str) -> str:
        """Return a new identifier."""

    def patience_ms(self, eagerness: str) -> float:
        """Draw how long semantic VAD waits."""

    def is_deaf(self) -> bool:
        """Return whether the speech of a caller who begins to talk is to be ignored."""

    def premature_ms(self) -> float | None:
        """Return when to interrupt the caller's turn that begins, `None` for never."""

    def speech_started(self, *, interrupt: bool) -> None:
        """Note that the caller has begun to talk."""

    def turn_ended(self, heard: Heard, *, respond: bool) -> None:
        """Take a finished turn of the caller."""


@lru_cache(maxsize=64)
def _silence(sound: SoundFormat, samples: int) -> bytes:
    """Return so much silence; all sessions share it."""
    return sound.silence(samples)


class Listening:
    """The input audio buffer of one session.

    Args:
        host: The session.
        conversation: Where finished turns become items.
        null: No VAD: the last sample that is not zero ends a turn.
        archive: Keeps the audio of each turn, `None` to keep none.
        record: Takes all audio as it comes, `None` for nobody.
        recognise: The same, of what is not silence.
    """

    def __init__(
        self,
        host: ListeningSession,
        conversation: Conversation,
        *,
        null: bool = False,
        archive: AudioArchive | None = None,
        record: Callable[[bytes, SoundFormat], None] | None = None,
        recognise: Callable[[bytes, SoundFormat], None] | None = None,
    ) -> None:
        self._host, self._conversation = host, conversation
        self._null, self._record, self._recognise = null, record, recognise
        self._detection: Json | None = None
        self._received_samples = 0
        self._buffered_samples = 0
        self._archive = archive
        self._track: AudioTrack | None = None
        self._arrivals = Arrivals()
        self._speech_item: str | None = None
        self._speech_start_ms = 0
        self._started_ns: int | None = None
        self._cut_in_at: int | None = None
        self._ignoring = False
        self._take_format(PCM)

    @property
    def format(self) -> SoundFormat:
        """How the caller's audio is written."""
        return self._format

    @property
    def received_ms(self) -> int:
        """All audio ever received, on its own clock."""
        return self._ms(self._received_samples)

    @property
    def idle_timeout_ms(self) -> int | None:
        """How long the caller may stay silent after a response, `None` for ever."""
        return self._detection.get("idle_timeout_ms") if self._detection else None

    def configure(self, audio_input: Json) -> None:
        """Take the `audio.input` of a session."""
        sound = FORMATS[audio_input["format"]["type"]]
        if sound is not self._format:
            self._received_samples = self._received_samples * sound.rate_hz // self._format.rate_hz
            self._take_format(sound)
        elif audio_input["turn_detection"] == self._detection:
            return  # nor is the window drawn anew in the middle of a turn
        self._detection = audio_input["turn_detection"]
        self._set_window()

    def append(self, audio: bytes, received_ns: int) -> None:
        """Hear more audio, written as the format says."""
        samples, rest = divmod(len(audio), self._format.sample_bytes)
        if rest:
            raise refusals.invalid("audio", "whole samples of two bytes")
        self._received_samples += samples
        self._buffered_samples += samples
        self._arrivals.add(self._received_samples, received_ns)
        is_silent = audio == self._silence or self._is_silence(audio)
        if is_silent:
            audio = self._silence  # one for all, so that keeping it takes no memory
        if self._record is not None:
            self._record(audio, self._format)
        if self._recognise is not None and not is_silent:
            self._recognise(audio, self._format)
        if self._track is not None:
            is_needed = self._speech_item is not None or self._detection is None
            self._track.add(audio, samples, self._most_kept if is_needed else self._least_kept)
        for found in self._activity.feed_silence(samples) if is_silent else self._feed(audio):
            if (detection := self._detection) is None:
                continue  # what was heard last is still known when the client commits
            if isinstance(found, Started):
                self._speech_started(found, detection)
            else:
                self._speech_stopped(found, detection)
        if self._cut_in_at is not None and self._received_samples >= self._cut_in_at:
            self._cut_in()

    def is_silence(self, audio: bytes) -> bool:
        """Return whether what was just appended was exact silence."""
        return audio == self._silence

    def commit(self) -> None:
        """End the turn because the client says so."""
        buffered_ms = self._buffered_samples * 1000 / self._format.rate_hz
        if buffered_ms < _LEAST_COMMIT_MS:
            raise refusals.commit_empty(buffered_ms)
        last = self._activity.last_voiced_sample
        self._activity.forget()
        start = self._received_samples - self._buffered_samples
        self._become_item(last, (start, self._received_samples), respond=False)

    def clear(self) -> None:
        """Forget what has not become an item."""
        self._forget_buffer()
        self._speech_item = self._cut_in_at = None
        self._activity.forget()

    def time_out(self, since_ms: int) -> None:
        """End a turn in which the caller said nothing."""
        if self._detection is None or self._speech_item is not None:
            return
        self._speech_item = self._host.new_id("item")
        fields = {
            "audio_start_ms": since_ms,
            "audio_end_ms": max(since_ms, self.received_ms),
            "item_id": self._speech_item,
        }
        for kind in event_order.IDLE:
            self._host.emit(kind, **fields)
        nothing = (self._received_samples, self._received_samples)
        self._become_item(None, nothing, respond=self._detection.get("create_response", False))

    def what_was_heard(self, last_voiced_sample: int | None) -> Heard:
        """Place the last voiced sample on the monotonic clock: latency counts from there.

        It was heard when the frame that carried it came, less what followed it in that frame.
        """
        endpoint_ns = now_ns()
        anchor_ns = endpoint_ns
        end_samples, all_ns = self._arrivals.end_samples, self._arrivals.received_ns
        if last_voiced_sample is not None:
            for end_sample, received_ns in zip(end_samples, all_ns, strict=True):
                if end_sample > last_voiced_sample:
                    after = end_sample - last_voiced_sample
                    anchor_ns = received_ns - ns_from_samples(after, self._format.rate_hz)
                    break
        return Heard(
            frame_end_samples=end_samples,
            frame_received_ns=all_ns,
            end_sample=last_voiced_sample,
            endpoint_ns=endpoint_ns,
            anchor_ns=anchor_ns,
            started_ns=self._started_ns,
        )

    # -- inside ---------------------------------------------------------------------------------

    def _take_format(self, sound: SoundFormat) -> None:
        """Begin to hear in another format, its clock at what has been received."""
        self._format = sound
        self._silence = b""
        self._most_kept = sound.rate_hz * _MOST_KEPT_MS // 1000
        self._least_kept = self._most_kept
        if self._archive is not None:
            self._track = AudioTrack(sound.sample_bytes, self._received_samples)
        self._activity: VoiceActivity | LastSample
        if self._null:
            self._activity = LastSample(
                rate_hz=sound.rate_hz, zeros=sound.zeros, sample_bytes=sound.sample_bytes
            )
        else:
            self._activity = VoiceActivity(rate_hz=sound.rate_hz)
        self._activity.heard_samples = self._received_samples
        self._buffered_samples = 0
        self._arrivals.clear()

    def _ms(self, samples: int) -> int:
        return samples * 1000 // self._format.rate_hz

    def _feed(self, audio: bytes) -> Iterable[Started | Stopped]:
        if isinstance(self._activity, LastSample):
            return self._activity.feed(audio)
        return self._activity.feed(self._format.decode(audio))

    def _is_silence(self, audio: bytes) -> bool:
        """Return whether this is exact silence, and remember what that looks like at this length.

        Silent callers send it fifty times a second; G.711 has two zeros, one is remembered.
        """
        if len(audio) == len(self._silence) or len(audio) > _LONGEST_FRAME_BYTES:
            return False
        self._silence = _silence(self._format, len(audio) // self._format.sample_bytes)
        return audio == self._silence

    def _set_window(self) -> None:
        """Set the silence that ends the next turn."""
        detection = self._detection
        if detection is None:
            return
        padding_ms = detection.get("prefix_padding_ms", _SEMANTIC_PREFIX_MS)
        self._least_kept = self._format.rate_hz * (padding_ms + _ONSET_MS) // 1000
        if detection["type"] == "semantic_vad":
            patience_ms = self._host.patience_ms(detection["eagerness"])
            self._activity.configure(silence_ms=patience_ms, threshold=0.5)
        else:
            self._activity.configure(
                silence_ms=detection["silence_duration_ms"], threshold=detection["threshold"]
            )

    def _speech_started(self, found: Started, detection: Json) -> None:
        if self._host.is_deaf():
            self._ignoring = True
            return
        self._speech_item = self._host.new_id("item")
        prefix_ms = detection.get("prefix_padding_ms", _SEMANTIC_PREFIX_MS)
        self._speech_start_ms = max(0, self._ms(found.onset_sample) - prefix_ms)
        fields = {"audio_start_ms": self._speech_start_ms, "item_id": self._speech_item}
        # Before the client can know of it.
        self._started_ns = now_ns()
        for kind in event_order.HEARD_START:
            self._host.emit(kind, **fields)
        cut_in_ms = self._host.premature_ms()
        if cut_in_ms is not None:
            self._cut_in_at = found.onset_sample + round(cut_in_ms * self._format.rate_hz / 1000)
        self._host.speech_started(interrupt=detection.get("interrupt_response", False))

    def _speech_stopped(self, found: Stopped, detection: Json) -> None:
        self._cut_in_at = None
        if self._ignoring or self._speech_item is None:
            self._ignoring = False  # it was not to be heard, or began without turn detection
            self._activity.forget()
            return
        self._activity.forget()
        self._set_window()
        self._end_speech(found.last_voiced_sample, found.decided_sample, detection)

    def _cut_in(self) -> None:
        """End the turn although the caller goes on; the rest of what is said is ignored."""
        self._cut_in_at = None
        if self._detection is not None and self._speech_item is not None:
            self._ignoring = True
            last = self._activity.last_voiced_sample
            self._end_speech(last, self._received_samples, self._detection)

    def _end_speech(self, last: int | None, decided_sample: int, detection: Json) -> None:
        end_ms = self._ms(decided_sample)
        for kind in event_order.HEARD_STOP:
            self._host.emit(kind, audio_end_ms=end_ms, item_id=self._speech_item)
        span = (self._speech_start_ms * self._format.rate_hz // 1000, decided_sample)
        self._become_item(last, span, respond=detection.get("create_response", False))

    def _become_item(self, last: int | None, span: tuple[int, int], *, respond: bool) -> None:
        """Make the caller's audio an item of the conversation, and say that the turn is over."""
        heard, self._started_ns = self.what_was_heard(last), None
        duration_s = (span[1] - span[0]) / self._format.rate_hz
        wire = {
            "id": self._speech_item or self._host.new_id("item"),
            "object": "realtime.item",
            "type": "message",
            "status": "completed",
            "role": "user",
            "content": [{"type": "input_audio", "transcript": None}],
        }
        item = Item(wire, usage.heard_tokens(duration_s))
        if self._track is not None and self._archive is not None:
            item.audio = self._archive.keep(self._track.cut(*span))
        self._speech_item = None
        self._forget_buffer()
        previous = self._conversation.add(item)
        added = {"previous_item_id": previous, "item": wire}
        fields: dict[str, Json] = {
            "input_audio_buffer.committed": {"previous_item_id": previous, "item_id": wire["id"]},
            "conversation.item.added": added,
            "conversation.item.done": added,
        }
        for kind in event_order.COMMITTED:
            self._host.emit(kind, **fields[kind])
        heard = replace(heard, item_id=item.id, duration_s=duration_s)
        self._host.turn_ended(heard, respond=respond)

    def _forget_buffer(self) -> None:
        self._buffered_samples = 0
