import base64

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects.base64_audio import Base64Audio
from harness.model import AudioFormat, Encoding

PCM = AudioFormat(rate_hz=24_000)
SAMPLES = np.random.default_rng(1).integers(-9_000, 9_000, 4_001).astype(np.int16)
RAW = SAMPLES.tobytes()


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def decoded(deltas: list[bytes], audio: AudioFormat = PCM) -> np.ndarray:
    stream = Base64Audio(audio)
    found = np.concatenate([stream.decode(delta) for delta in deltas])
    assert stream.undecodable == 0
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 101, 1_001, 9_600])
@pytest.mark.parametrize("style", ["plain", "unpadded", "url-safe", "wrapped"])
def test_bytes_carry_over_wherever_a_delta_ends(size: int, style: str) -> None:
    deltas = [base64.b64encode(piece) for piece in pieces(RAW, size)]
    if style == "unpadded":
        deltas = [delta.rstrip(b"=") for delta in deltas]
    elif style == "url-safe":
        deltas = [delta.replace(b"+", b"-").replace(b"/", b"_") for delta in deltas]
    elif style == "wrapped":
        deltas = [b"\r\n".join(pieces(delta, 76)) + b"\n" for delta in deltas]
    assert np.array_equal(decoded(deltas), SAMPLES)


@pytest.mark.parametrize("size", [101, 1_001, 1_002])
def test_groups_of_base64_carry_over_after_silence_too(size: int) -> None:
    samples = np.concatenate([np.zeros(4_000, np.int16), SAMPLES])
    found = decoded(pieces(base64.b64encode(samples.tobytes()), size))
    spoken = found[np.flatnonzero(found)[0] :]
    assert abs(len(found) - len(samples)) <= 4_000 * 8 // 3 // size
    assert np.array_equal(spoken[-len(SAMPLES) + 4 :], SAMPLES[4:])


@given(st.integers(1, 4_000), st.booleans())
def test_counting_agrees_with_decoding(size: int, padded: bool) -> None:
    deltas = [base64.b64encode(piece) for piece in pieces(RAW, size)]
    if not padded:
        deltas = [delta.rstrip(b"=") for delta in deltas]
    stream = Base64Audio(PCM)
    assert sum(stream.count(delta) for delta in deltas) == len(SAMPLES)


def test_half_a_sample_of_one_item_does_not_begin_the_next() -> None:
    stream = Base64Audio(PCM)
    stream.decode(base64.b64encode(RAW[:7]))
    stream.next_item()
    assert np.array_equal(stream.decode(base64.b64encode(RAW)), SAMPLES)


def test_what_is_not_base64_is_counted_and_holds_nothing() -> None:
    stream = Base64Audio(PCM)
    assert len(stream.decode(b"{not base64}")) == 0
    assert stream.undecodable == 1
    assert np.array_equal(stream.decode(base64.b64encode(RAW)), SAMPLES)


@pytest.mark.parametrize("encoding", [Encoding.MULAW, Encoding.ALAW])
def test_telephone_audio_has_one_sample_a_byte(encoding: Encoding) -> None:
    stream = Base64Audio(AudioFormat(rate_hz=8_000, encoding=encoding))
    codes = bytes(range(256))
    levels = stream.decode(base64.b64encode(codes))
    assert len(levels) == stream.count(base64.b64encode(codes)) == 256
    assert abs(levels.astype(np.int64)).max() > 30_000


def test_an_encoding_that_is_not_known_holds_no_samples_and_says_so() -> None:
    stream = Base64Audio(AudioFormat(16_000, Encoding.UNKNOWN))
    assert stream.count(b"AAAA") == 0
    assert len(stream.decode(b"AAAA")) == 0
    assert stream.undecodable == 2


def test_wav_headers_are_no_sound_whether_one_or_one_a_delta() -> None:
    header = (
        b"RIFF\0\0\0\0WAVEfmt "
        + (16).to_bytes(4, "little")
        + bytes.fromhex("01000100c05d000080bb000002001000")
    )
    header += b"data\0\0\0\0"
    parts = pieces(RAW, 1_000)
    for deltas in ([header + parts[0], *parts[1:]], [header + part for part in parts]):
        stream, counting = Base64Audio(PCM), Base64Audio(PCM)
        encoded = [base64.b64encode(delta) for delta in deltas]
        assert np.array_equal(np.concatenate([stream.decode(delta) for delta in encoded]), SAMPLES)
        counting.decode(encoded[0])
        assert sum(map(counting.count, encoded[1:])) == len(SAMPLES) - 500
        assert stream.foreign == ""
    other = Base64Audio(AudioFormat(rate_hz=16_000))
    other.decode(base64.b64encode(header + parts[0]))
    assert other.foreign == "pcm16 at 24000 Hz in 1 channel"


def test_a_compressed_file_is_named_at_the_head_of_an_item_only() -> None:
    stream = Base64Audio(PCM)
    stream.decode(base64.b64encode(RAW[:100]))
    stream.decode(base64.b64encode(b"OggS" + bytes(20)))
    assert stream.foreign == ""
    stream.next_item()
    stream.decode(base64.b64encode(b"OggS" + bytes(20)))
    assert stream.foreign == "an Ogg file"


def test_what_was_decoded_last_is_kept_as_it_was_written() -> None:
    stream = Base64Audio(PCM)
    stream.decode(base64.b64encode(b"abc"))
    assert stream.written == b"ab"
    stream.decode(base64.b64encode(b"de"))
    assert stream.written == b"cd"


def test_whole_groups_before_the_first_cut_one_count_for_where_samples_begin() -> None:
    # Three bytes of silence, which look whole, and then a delta that ends inside a group.
    data = bytes(3) + bytes(range(1, 28))
    text = base64.b64encode(data)
    found = decoded([text[:4], text[4:9], text[9:]])
    assert found.tolist() == np.frombuffer(data, "<i2").tolist()


def test_audio_in_hexadecimal_is_named() -> None:
    stream = Base64Audio(AudioFormat(24_000))
    stream.decode(bytes(480).hex().encode())
    assert stream.foreign == "hexadecimal text"
