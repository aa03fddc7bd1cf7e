import io
import wave
from base64 import b64encode

import numpy as np
import pytest

from harness.dialects.containers import compressed, is_hexadecimal, wav_header
from harness.model import AudioFormat, Encoding

PCM = AudioFormat(24_000)


def wav(rate_hz: int = 24_000, channels: int = 1, width: int = 2) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate_hz)
        file.writeframes(bytes(480))
    return buffer.getvalue()


def test_a_header_that_agrees_is_only_measured() -> None:
    assert wav_header(wav(), PCM) == (44, "")
    chunk = b"LIST" + (6).to_bytes(4, "little") + b"INFOxx"
    longer = wav()[:36] + chunk + wav()[36:]
    assert wav_header(longer, PCM) == (44 + len(chunk), "")


@pytest.mark.parametrize(
    ("header", "audio", "words"),
    [
        (wav(16_000), PCM, "pcm16 at 16000 Hz in 1 channel"),
        (wav(channels=2), PCM, "pcm16 at 24000 Hz in 2 channels"),
        (wav(width=1), PCM, "format 1 with 8 bits at 24000 Hz in 1 channel"),
        (wav(8_000), AudioFormat(8_000, Encoding.MULAW), "pcm16 at 8000 Hz in 1 channel"),
        (
            wav()[:20] + b"\x07\0" + wav()[22:34] + b"\x08\0" + wav()[36:],
            PCM,
            "mulaw at 24000 Hz in 1 channel",
        ),
    ],
)
def test_a_header_that_contradicts_says_how(header: bytes, audio: AudioFormat, words: str) -> None:
    assert wav_header(header, audio) == (44, words)


@pytest.mark.parametrize("piece", [b"", b"RIFF", wav()[:30], b"RIFF\0\0\0\0AVI " + bytes(40)])
def test_what_is_no_whole_header_is_none(piece: bytes) -> None:
    assert wav_header(piece, PCM) == (0, "")


def test_compressed_files_are_known_by_their_first_bytes() -> None:
    frame = b"\xff\xf3\x84\xc4" + bytes(188)
    for piece, name in (
        (b"OggS\0\2", "an Ogg file"),
        (b"fLaC\0\0", "a FLAC file"),
        (b"ID3\4\0\0", "an MP3 file"),
        (frame + frame[:4], "an MP3 file"),
        (b"\x1aE\xdf\xa3\x9f", "a WebM file"),
        (b"\0\0\0\x20ftypM4A ", "an MPEG-4 file"),
        (frame, ""),
        (b"", ""),
        (bytes(100), ""),
        (b"\xff" * 100, ""),
        (np.arange(-200, 200, dtype="<i2").tobytes(), ""),
    ):
        assert compressed(piece) == name


def test_hexadecimal_is_told_from_base64() -> None:
    speech = bytes(range(256)) * 2
    assert is_hexadecimal(speech.hex().encode())
    assert is_hexadecimal(speech.hex().upper().encode())
    assert is_hexadecimal(bytes(600).hex().encode())
    faint = np.random.default_rng(1).integers(-1, 2, 300).astype("<i2")
    for plain in (speech, bytes(600), b"\xff" * 600, faint.tobytes(), abs(faint).tobytes()):
        assert not is_hexadecimal(b64encode(plain))
