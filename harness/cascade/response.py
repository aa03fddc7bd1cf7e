"""One response: transcript, then text and speech side by side, sentence by sentence."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from harness.cascade import prompt
from harness.cascade.providers.base import (
    FunctionCalled,
    LanguageModel,
    ProviderFailed,
    SpeechToText,
    TextToSpeech,
    TokensTaken,
    in_time,
)
from harness.cascade.sentences import Sentences
from harness.cascade.settings import CascadeConfig
from harness.cascade.spoken import Spoken
from harness.cascade.transcripts import Transcript
from harness.clock import now_ns
from harness.errors import sanitised
from harness.model import StageRecord
from harness.simulator.protocol import event_order, usage
from harness.simulator.protocol.answers import AnsweringSession
from harness.simulator.protocol.configuration import Json
from harness.simulator.protocol.conversation import Conversation
from harness.simulator.protocol.response_object import response_object
from harness.simulator.voice.listening import Heard
from harness.simulator.voice.outputs import Called, Output, ResponseContext
from harness.simulator.voice.sound_formats import FORMATS
from harness.simulator.voice.tools import FunctionCall

# What a model goes on with for ever ends here: some ten minutes of speech.
_MOST_CHARS, _MOST_SPOKEN_S = 8_000, 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The providers that all sessions share, and what they were configured as."""

    stt: SpeechToText
    llm: LanguageModel
    tts: TextToSpeech
    config: CascadeConfig
    names: dict[str, str] = field(default_factory=dict)

    async def close(self) -> None:
        """Let go of all connections."""
        for part in (self.stt, self.llm, self.tts):
            await part.close()


class Response:
    """One response.

    Args:
        host: The session.
        conversation: What it reads, and where its items are added.
        parts: The providers.
        options: The fields of the client's `response.create`, empty for one begun by VAD.
        heard: The caller's turn.
        own: Its transcript, `None` where it answers no speech.
        earlier: Transcripts of turns before it that are still under way.
        said: Keeps what is said in full, by the item's id.
        ended: Called once, with what is known of its stages, when nothing more is sent.
    """

    def __init__(
        self,
        host: AnsweringSession,
        conversation: Conversation,
        parts: Parts,
        *,
        options: Json,
        heard: Heard,
        own: "asyncio.Task[Transcript] | None",
        earlier: "frozenset[asyncio.Task[Transcript]]",
        said: dict[str, str],
        ended: Callable[["Response", StageRecord], None],
    ) -> None:
        self.id = host.new_id("resp")
        self._host, self._conversation, self._parts = host, conversation, parts
        self._options, self._heard, self._session = options, heard, host.configuration
        self._own, self._earlier = own, earlier
        self._said, self._ended = said, ended
        self._context = ResponseContext(
            outlet=host,
            send=host.send,
            conversation=conversation,
            response_id=self.id,
            out_of_band=False,
        )
        self._outputs: list[Output] = []
        self._spoken: Spoken | None = None
        self._calls: list[FunctionCalled] = []
        self._instants: dict[str, int] = {}
        self._tokens: TokensTaken | None = None
        self._characters = 0
        self._is_asked = self._cut_short = self._over = False
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Announce the response and set to work."""
        self._show(event_order.RESPONSE_BEGIN, "in_progress")
        self._task = asyncio.create_task(self._run())

    def cancel(self, reason: str) -> None:
        """Stop in the middle: `turn_detected` or `client_cancelled`."""
        self._end("cancelled", reason)

    def abandon(self) -> None:
        """Stop without an event: the connection is gone."""
        if not self._over:
            self._stop(cancelled=True)

    # -- the stages -----------------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            await self._understand()
            async with asyncio.TaskGroup() as group:
                sentences: asyncio.Queue[str | None] = asyncio.Queue()
                group.create_task(self._think(sentences))
                group.create_task(self._speak(sentences))
            self._finish()
        except ProviderFailed as failed:
            self._fail(failed)
        except ExceptionGroup as several:
            self._fail(several.exceptions[0])
        except Exception as error:
            self._fail(error)

    async def _understand(self) -> None:
        """Wait for what the caller said."""
        if self._earlier:
            await asyncio.wait(self._earlier)
        if self._own is None:
            return
        await asyncio.wait([self._own])
        transcript = self._own.result()
        if transcript.failed is not None:
            raise transcript.failed
        if not transcript.text:
            raise ProviderFailed("STT", "heard no words")
        self._reached("transcript_ns")

    async def _think(self, sentences: "asyncio.Queue[str | None]") -> None:
        """Read the answer's text, and hand its sentences on as they become whole."""
        asked = self._session | {k: v for k, v in self._options.items() if v is not None}
        config, items = self._parts.config, self._conversation.items
        told = prompt.messages(asked["instructions"] or config.instructions, items, self._said)
        tools = [] if asked["tool_choice"] == "none" else prompt.functions(asked["tools"])
        cut, chars, self._is_asked = Sentences(), 0, True
        pieces = self._parts.llm.answer(told, tools)
        async for piece in in_time(pieces, "LLM", config.llm.limit_s):
            if isinstance(piece, TokensTaken):
                self._tokens = piece
                continue
            self._reached("first_token_ns")
            if isinstance(piece, FunctionCalled):
                self._calls.append(piece)
                continue
            for sentence in cut.feed(piece):
                self._hand_on(sentence, sentences)
            chars += len(piece)
            if chars > _MOST_CHARS:
                self._cut_short = True
                break
        if rest := cut.rest():
            self._hand_on(rest, sentences)
        sentences.put_nowait(None)
        if not chars and not self._calls:
            raise ProviderFailed("LLM", "answered with nothing")

    def _hand_on(self, sentence: str, sentences: "asyncio.Queue[str | None]") -> None:
        sentences.put_nowait(sentence)
        self._reached("first_sentence_ns")

    async def _speak(self, sentences: "asyncio.Queue[str | None]") -> None:
        """Have one sentence after another spoken, and send the speech as it comes."""
        limit_s = self._parts.config.tts.limit_s
        while (sentence := await sentences.get()) is not None:
            spoken = self._spoken or self._open()
            spoken.say(sentence)
            self._said[spoken.item.id] = spoken.text
            self._characters += len(sentence)
            begun = spoken.samples_sent
            async for sound in in_time(self._parts.tts.speak(sentence), "TTS", limit_s):
                self._reached("tts_first_byte_ns")
                if spoken.play(sound):
                    self._reached("first_audio_sent_ns")
                if spoken.spoken_s > _MOST_SPOKEN_S:
                    raise ProviderFailed("TTS", "spoke for longer than is played")
            if spoken.samples_sent == begun:
                raise ProviderFailed("TTS", "answered without audio")

    def _open(self) -> Spoken:
        asked = (self._options.get("audio") or {}).get("output") or {}
        wire = asked.get("format") or self._session["audio"]["output"]["format"]
        self._spoken = Spoken(self._context, len(self._outputs), FORMATS[wire["type"]])
        self._outputs.append(self._spoken)
        self._spoken.open()
        return self._spoken

    def _reached(self, instant: str) -> None:
        self._instants.setdefault(instant, now_ns())

    # -- the end --------------------------------------------------------------------------------

    def _finish(self) -> None:
        """Close what was said, and tell of the functions that are called."""
        if self._spoken is not None:
            self._spoken.close("completed")
        for call in self._calls:
            output = Called(
                self._context, len(self._outputs), FunctionCall(call.name, call.arguments)
            )
            self._outputs.append(output)
            output.open()
            while output.release() is not None:
                pass
            output.close("completed")
        if self._cut_short:
            self._end("incomplete", "max_output_tokens")
        else:
            self._end("completed")

    def _fail(self, error: Exception) -> None:
        """End as failed, and say who is to blame."""
        stage = error.party.lower() if isinstance(error, ProviderFailed) else ""
        words = str(error) if stage else "the cascade itself failed"
        if not stage:
            told = sanitised(f"{type(error).__name__}: {error}")
            print(f"harness: a response failed: {told}", file=sys.stderr)
        code = f"{stage or 'cascade'}_failed"
        named = {"type": "server_error", "code": code, "message": words}
        self._end("failed", error=named, failed_stage=stage, failure=words)

    def _end(
        self,
        status: str,
        reason: str = "",
        error: Json | None = None,
        **failure: str,
    ) -> None:
        """Close what is open and send `response.done`."""
        if self._over:
            return
        for output in self._outputs:
            if output.is_open:
                output.close("incomplete")
        self._show(event_order.RESPONSE_END, status, reason, error)
        self._stop(cancelled=status == "cancelled", **failure)

    def _stop(self, *, cancelled: bool = False, **failure: str) -> None:
        self._over = True
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()
        self._ended(self, self._record(cancelled=cancelled, **failure))

    def _show(
        self, kinds: tuple[str, ...], status: str, reason: str = "", error: Json | None = None
    ) -> None:
        running = status == "in_progress"
        response = response_object(
            self._session,
            self._options,
            response_id=self.id,
            status=status,
            reason=reason,
            error=error,
            output=[out.item.wire for out in self._outputs if not running],
            usage=None if running else self._usage(),
        )
        for kind in kinds:
            self._context.emit(kind, {"response": response})

    def _usage(self) -> Json | None:
        """Return the LLM's tokens: none where it was never asked, `None` where it did not count."""
        tokens = self._tokens if self._is_asked else TokensTaken(0, 0)
        if tokens is None:
            return None
        read, written = usage.Tokens(tokens.read), usage.Tokens(tokens.written)
        return usage.usage_object(read, usage.Tokens(), written)

    def _record(self, **more: Any) -> StageRecord:
        heard = self._heard
        return StageRecord(
            session_id=self._session["id"],
            response_id=self.id,
            frame_end_samples=heard.frame_end_samples,
            frame_received_ns=heard.frame_received_ns,
            endpoint_ns=heard.endpoint_ns,
            **self._instants,  # type: ignore[arg-type]
            providers=self._parts.names,
            heard_s=heard.duration_s if self._own is not None else 0.0,
            tokens_in=None if self._tokens is None else self._tokens.read,
            tokens_out=None if self._tokens is None else self._tokens.written,
            characters=self._characters,
            **more,
        )
