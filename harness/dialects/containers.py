"""Files in place of bare samples: what some servers put into the deltas of their audio.

A WAV header says which samples follow, and is no sound. Compressed audio is not decoded here; read
as samples it would be noise from its first byte on, silence or not.
"""

import re
import struct

from harness.model import AudioFormat, Encoding

_WAV_TAGS = {1: (16, Encoding.PCM16), 6: (8, Encoding.ALAW), 7: (8, Encoding.MULAW)}
_EXTENSIBLE = 0xFFFE
_LEAST_HEADER_BYTES = 12
_COMPRESSED = (
    (b"OggS", "an Ogg file"),
    (b"fLaC", "a FLAC file"),
    (b"ID3", "an MP3 file"),
    (b"\x1aE\xdf\xa3", "a WebM file"),
)
_HEX = re.compile(rb"[0-9a-f]{200}|(?=(?:[A-F]*[0-9]){50})[0-9A-F]{200}")
# Of MPEG frames: bit rates in kbit/s and sample rates in Hz, by version and index.
_KBIT_S = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),
}
_RATES_HZ = {3: (44_100, 48_000, 32_000, 0), 2: (22_050, 24_000, 16_000, 0)}


def wav_header(piece: bytes, audio: AudioFormat) -> tuple[int, str]:
    """Look for a WAV header at the beginning of a piece of audio.

    Args:
        piece: Decoded bytes.
        audio: How the server said that it writes audio.

    Returns:
        The length of the header, 0 for none, and in words how it contradicts `audio`; empty where
        it does not.
    """
    if piece[:4] != b"RIFF" or piece[8:12] != b"WAVE":
        return 0, ""
    at, said = _LEAST_HEADER_BYTES, ""
    while at + 8 <= len(piece):
        name, size = struct.unpack_from("<4sI", piece, at)
        if name == b"data":
            return at + 8, said
        if name == b"fmt " and at + 24 <= len(piece):
            said = _contradiction(piece[at + 8 : at + 24], audio)
        at += 8 + size + size % 2
    return 0, ""


def compressed(piece: bytes) -> str:
    """Return what kind of compressed file a piece of audio begins, empty for none."""
    for magic, name in _COMPRESSED:
        if piece.startswith(magic):
            return name
    if piece[4:8] == b"ftyp":
        return "an MPEG-4 file"
    first = _mpeg_frame(piece, 0)
    return "an MP3 file" if first and _mpeg_frame(piece, first) else ""


def is_hexadecimal(text: bytes) -> bool:
    """Tell whether audio is written in hexadecimal, every character of which is one of Base64 too.

    Base64 has capitals in every text of such a length, and of silence little else.
    """
    return _HEX.match(text) is not None


def _contradiction(chunk: bytes, audio: AudioFormat) -> str:
    """Return how the format chunk of a WAV header contradicts a format, empty where it does not."""
    tag, channels, rate_hz, _, _, bits = struct.unpack("<HHIIHH", chunk)
    known_bits, encoding = _WAV_TAGS.get(1 if tag == _EXTENSIBLE else tag, (0, None))
    if (bits, channels, rate_hz, encoding) == (known_bits, 1, audio.rate_hz, audio.encoding):
        return ""
    name = f"format {tag} with {bits} bits" if encoding is None or bits != known_bits else encoding
    return f"{name} at {rate_hz} Hz in {channels} channel{'s' if channels != 1 else ''}"


def _mpeg_frame(piece: bytes, at: int) -> int:
    """Return the length of the frame of MPEG layer III that begins at `at`, 0 for none."""
    head = piece[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return 0
    version = head[1] >> 3 & 3
    if version not in _RATES_HZ:
        return 0
    kbit_s, rate_hz = _KBIT_S[version][head[2] >> 4], _RATES_HZ[version][head[2] >> 2 & 3]
    if not (kbit_s and rate_hz):
        return 0
    return (144 if version == 3 else 72) * kbit_s * 1000 // rate_hz + (head[2] >> 1 & 1)
