import asyncio

from harness.cascade.providers.cartesia import CartesiaTextToSpeech
from harness.cascade.settings import ProviderSettings
from tests.cascade.conftest import FakeHttp, Reply, speech


def test_speech_is_asked_for_as_raw_samples() -> None:
    async def talk() -> None:
        voice = speech()
        fake = FakeHttp(lambda _: Reply([(0.0, voice)]))
        settings = ProviderSettings(
            name="cartesia", url=await fake.start(), model="sonic", voice="v", options={"speed": 1}
        )
        provider = CartesiaTextToSpeech(settings, "the-key")
        sounds = [sound async for sound in provider.speak("Hello.")]
        assert b"".join(sound.pcm for sound in sounds) == voice
        (request,) = fake.requests
        assert request.path == "/v1/tts/bytes"
        assert request.headers["authorization"] == "Bearer the-key"
        assert request.headers["cartesia-version"]
        assert request.json == {
            "model_id": "sonic",
            "transcript": "Hello.",
            "voice": {"mode": "id", "id": "v"},
            "output_format": {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24_000},
            "speed": 1,
        }
        await provider.close()
        await fake.stop()

    asyncio.run(talk())
