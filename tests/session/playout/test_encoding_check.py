"""Audio in one encoding that is said to be in another."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.corpus import speech_like
from harness.model import AudioFormat, Encoding
from harness.model.g711 import encode_alaw, encode_mulaw
from harness.session.playout.encoding_check import EncodingCheck

WRITE: dict[str, Callable[[NDArray[np.int16]], bytes]] = {
    "pcm16": lambda samples: samples.astype("<i2").tobytes(),
    "mulaw": lambda samples: encode_mulaw(samples).tobytes(),
    "alaw": lambda samples: encode_alaw(samples).tobytes(),
    "pcm16 with its bytes swapped": lambda samples: samples.astype(">i2").tobytes(),
    "32-bit float": lambda samples: (samples / 32_768).astype("<f4").tobytes(),
}
SAID = [Encoding.PCM16, Encoding.MULAW, Encoding.ALAW]


def checked(written: bytes, said: Encoding, rate_hz: int, *, piece: int = 4_000) -> EncodingCheck:
    check = EncodingCheck(AudioFormat(rate_hz, said))
    for at in range(0, len(written), piece):
        check.feed(written[at : at + piece])
    check.response_over()
    return check


def voice(rate_hz: int, seconds: float, seed: int = 1) -> NDArray[np.int16]:
    # Of a telephone's band, as what is spoken is.
    samples = speech_like(np.random.default_rng(seed), seconds, rate_hz).astype(float)
    smooth = np.convolve(samples, np.ones(3) / 3, "same")
    return smooth.astype(np.int16)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 24_000])
@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("seconds", [0.25, 0.6, 1.4])
def test_audio_as_it_was_said_passes(rate_hz: int, said: Encoding, seconds: float) -> None:
    for seed in range(8):
        written = WRITE[said](voice(rate_hz, seconds, seed))
        check = checked(written, said, rate_hz)
        assert check.misread == ""
        assert check.done is (seconds > 1)


@pytest.mark.parametrize("rate_hz", [8_000, 24_000])
@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("truly", WRITE)
def test_audio_in_another_encoding_is_named(rate_hz: int, said: Encoding, truly: str) -> None:
    if truly == said or {truly, said} == {"mulaw", "alaw"}:
        # Not every voice tells one of these from the other.
        return
    if said is Encoding.PCM16 and truly in SAID and rate_hz == 8_000:
        return
    check = checked(WRITE[truly](voice(rate_hz, 1.4)), said, rate_hz)
    expected = f"audio was acknowledged as {said} at {rate_hz} Hz and comes as {truly}"
    assert check.misread == expected
    assert check.done


@pytest.mark.parametrize("said", SAID)
def test_noise_silence_and_a_tone_tell_nothing(said: Encoding) -> None:
    noise = np.random.default_rng(1)
    tone = 6_000 * np.sin(2 * np.pi * 3_000 * np.arange(24_000) / 24_000)
    for written in (
        noise.bytes(60_000),
        bytes(60_000),
        b"\xff" * 60_000,
        WRITE[said](tone.astype(np.int16)),
        WRITE[said](noise.normal(0, 4_000, 30_000).astype(np.int16)),
    ):
        assert checked(written, said, 24_000).misread == ""


def test_short_responses_add_up() -> None:
    written = WRITE["pcm16"](voice(24_000, 1.4))
    check = EncodingCheck(AudioFormat(24_000))
    for at in range(0, len(written), 4_800):
        check.feed(written[at : at + 4_800])
        check.response_over()
    assert (check.done, check.misread) == (True, "")


def test_what_contradicts_is_kept_and_what_is_unknown_is_not_looked_at() -> None:
    check = EncodingCheck(AudioFormat(24_000))
    check.contradict("an MP3 file")
    check.contradict("an Ogg file")
    assert check.misread == "audio was acknowledged as pcm16 at 24000 Hz and comes as an MP3 file"
    assert EncodingCheck(AudioFormat(24_000, Encoding.UNKNOWN)).done


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("offset", [0, 1])
def test_two_equal_channels_are_told_from_one(said: Encoding, offset: int) -> None:
    doubled = np.repeat(voice(24_000, 1.0), 2)[offset:]
    check = checked(WRITE[said](doubled), said, 24_000)
    assert check.misread.endswith("with every sample twice, as in stereo")


def test_a_square_wave_is_no_stereo() -> None:
    wave = np.repeat(np.tile([6_000, -6_000], 100), 120).astype(np.int16)
    assert checked(wave.astype("<i2").tobytes(), Encoding.PCM16, 24_000).misread == ""
