import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from harness.cascade.providers.base import ProviderFailed, Sound
from harness.cascade.providers.wyoming import WyomingSpeechToText, WyomingTextToSpeech
from harness.cascade.providers.wyoming_events import WyomingEvent, WyomingStream
from harness.cascade.settings import ProviderSettings

FORM = {"rate": 22_050, "width": 2, "channels": 1}
ENDS = ("audio-stop", "synthesize")


@asynccontextmanager
async def _server(
    answer: Callable[[Sequence[WyomingEvent]], bytes],
) -> AsyncIterator[ProviderSettings]:
    """Answer each request, once it is whole, and hang up."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stream, asked = WyomingStream(), list[WyomingEvent]()
        while not asked or asked[-1].kind not in ENDS:
            asked += stream.feed(await reader.read(2**16))
        writer.write(answer(asked))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield ProviderSettings(
            name="wyoming", url=f"tcp://127.0.0.1:{port}", voice="v", language="en"
        )


async def _transcribed(answer: bytes, pcm: bytes = b"\1\2" * 6_000) -> str:
    def check(asked: Sequence[WyomingEvent]) -> bytes:
        kinds = [event.kind for event in asked]
        chunks = ["audio-chunk"] * 3  # a quarter of a second in tenths
        assert kinds == ["transcribe", "audio-start", *chunks, "audio-stop"]
        assert asked[0].data == {"language": "en"}
        assert asked[1].data == {"rate": 24_000, "width": 2, "channels": 1}
        assert b"".join(event.payload for event in asked) == pcm
        return answer

    async with _server(check) as settings:
        return await WyomingSpeechToText(settings, None).transcribe(pcm, 24_000)


async def _spoken(answer: bytes) -> list[Sound]:
    def check(asked: Sequence[WyomingEvent]) -> bytes:
        assert asked[0].data == {"text": "Hello.", "voice": {"name": "v"}}
        return answer

    async with _server(check) as settings:
        return [sound async for sound in WyomingTextToSpeech(settings, None).speak("Hello.")]


def test_a_turn_goes_out_as_audio_and_comes_back_as_its_transcript() -> None:
    other = WyomingEvent("transcript-start").encode()
    told = WyomingEvent("transcript", {"text": "hello"}).encode()
    assert asyncio.run(_transcribed(other + told)) == "hello"


def test_speech_comes_in_the_servers_own_rate() -> None:
    events = [
        WyomingEvent("audio-start", FORM),
        WyomingEvent("audio-chunk", FORM, b"\1\0\2\0"),
        WyomingEvent("audio-chunk", FORM, b"\3\0"),
        WyomingEvent("audio-stop"),
    ]
    sounds = asyncio.run(_spoken(b"".join(event.encode() for event in events)))
    assert sounds == [Sound(b"\1\0\2\0", 22_050), Sound(b"\3\0", 22_050)]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "the STT provider answered without a transcript"),
        (b"nonsense\n", "the STT provider sent what is not read: a line is no event"),
        (
            WyomingEvent("error", {"text": "no model"}).encode(),
            "the STT provider answered with an error: no model",
        ),
    ],
)
def test_what_goes_wrong_with_a_transcript_is_named(answer: bytes, words: str) -> None:
    with pytest.raises(ProviderFailed, match=words):
        asyncio.run(_transcribed(answer))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "the TTS provider hung up in the middle"),
        (
            WyomingEvent("audio-chunk", FORM | {"channels": 2}, b"\0\0").encode(),
            "the TTS provider sent audio that is not 16-bit mono",
        ),
    ],
)
def test_what_goes_wrong_with_speech_is_named(answer: bytes, words: str) -> None:
    with pytest.raises(ProviderFailed, match=words):
        asyncio.run(_spoken(answer))


def test_a_server_that_is_not_there_is_named() -> None:
    settings = ProviderSettings(name="wyoming", url="tcp://127.0.0.1:9")
    with pytest.raises(ProviderFailed, match="the STT provider could not be talked to"):
        asyncio.run(WyomingSpeechToText(settings, None).transcribe(b"", 24_000))
