import asyncio
import json

import pytest

from harness.cascade.providers.base import ProviderFailed
from harness.cascade.providers.deepgram import DeepgramSpeechToText, DeepgramTextToSpeech
from harness.cascade.settings import ProviderSettings
from tests.cascade.conftest import FakeHttp, Reply, speech


def _heard(body: bytes) -> tuple[str, FakeHttp]:
    async def hear() -> tuple[str, FakeHttp]:
        fake = FakeHttp(lambda _: Reply([(0.0, body)]))
        url = await fake.start()
        settings = ProviderSettings(name="deepgram", url=url, model="nova-3", language="de")
        provider = DeepgramSpeechToText(settings, "the-key")
        try:
            return await provider.transcribe(b"\0\0" * 240, 24_000), fake
        finally:
            await provider.close()
            await fake.stop()

    return asyncio.run(hear())


def test_a_turn_is_posted_as_a_file_and_its_transcript_is_found() -> None:
    told = {"results": {"channels": [{"alternatives": [{"transcript": "guten Tag"}]}]}}
    text, fake = _heard(json.dumps(told).encode())
    (request,) = fake.requests
    assert text == "guten Tag"
    assert request.path == "/v1/listen?model=nova-3&smart_format=true&language=de"
    assert request.headers["authorization"] == "Token the-key"
    assert request.headers["content-type"] == "audio/wav"
    assert request.body.startswith(b"RIFF")


@pytest.mark.parametrize("body", [b"{}", b'{"results":{"channels":[]}}', b'{"results":7}'])
def test_an_answer_without_a_transcript_is_a_failure(body: bytes) -> None:
    with pytest.raises(ProviderFailed, match="the STT provider answered without a transcript"):
        _heard(body)


def test_speech_is_asked_for_as_raw_samples() -> None:
    async def talk() -> None:
        voice = speech()
        fake = FakeHttp(lambda _: Reply([(0.0, voice[:1001]), (0.0, voice[1001:])]))
        settings = ProviderSettings(name="deepgram", url=await fake.start(), model="aura-2-x-en")
        provider = DeepgramTextToSpeech(settings, "the-key")
        sounds = [sound async for sound in provider.speak("Hello.")]
        assert b"".join(sound.pcm for sound in sounds) == voice
        assert {sound.rate_hz for sound in sounds} == {24_000}
        (request,) = fake.requests
        asked = "model=aura-2-x-en&encoding=linear16&container=none&sample_rate=24000"
        assert request.path == f"/v1/speak?{asked}"
        assert request.json == {"text": "Hello."}
        await provider.close()
        await fake.stop()

    asyncio.run(talk())
