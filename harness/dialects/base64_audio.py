"""The audio of one item in base64: a byte stream, of which deltas are pieces cut anywhere.

A delta may end inside a sample or inside a group of base64, may lack padding, may be wrapped into
lines and may use the URL-safe alphabet. What is left over of one delta begins the next.
"""

import base64
import binascii
import re

import numpy as np
from numpy.typing import NDArray

from harness.dialects.containers import compressed, is_hexadecimal, wav_header
from harness.model import AudioFormat, Encoding
from harness.model.g711 import decode_alaw, decode_mulaw

_WHITE = b" \t\r\n"
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_ALPHABET = re.compile(rb"[A-Za-z0-9+/=]*")
_PADDING = re.compile(rb"=+")
# The last character of an unpadded text that is whole carries bits of no byte, and they are zero:
# four after two characters of a group, two after three.
_UNUSED_BITS = {2: 0x0F, 3: 0x03}
_DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


class Base64Audio:
    """Decodes the deltas of one item, or counts their samples, which is far cheaper.

    Args:
        audio: How the samples are written.

    Attributes:
        undecodable: Deltas that are not base64, or of an unknown encoding, and so held no samples.
        written: The bytes of the samples that `decode` returned last.
        foreign: What the audio is in place of bare samples of this format, in words; empty while
            nothing contradicts it.
    """

    __slots__ = (
        "_audio",
        "_begins",
        "_bytes",
        "_characters",
        "_cuts_groups",
        "_headed",
        "_rest",
        "_tail",
        "foreign",
        "undecodable",
        "written",
    )

    def __init__(self, audio: AudioFormat) -> None:
        self.undecodable = 0
        self.written, self.foreign = b"", ""
        self._audio = audio
        # A header may begin the item, or even every delta of it.
        self._begins, self._headed = True, False
        # Bytes of a sample that is not whole yet; their number is all that counting needs.
        self._rest, self._bytes = b"", 0
        # What is over of the groups so far, and how many characters the item had.
        self._tail, self._characters = b"", 0
        self._cuts_groups = False

    def next_item(self) -> None:
        """Begin another item: what is left over of the one before belongs to no sample."""
        self._rest, self._bytes = b"", 0
        self._tail, self._characters = b"", 0
        self._cuts_groups = False
        self._begins = True

    def count(self, text: bytes) -> int:
        """Return how many samples a delta completes, without decoding it where it is plain."""
        if len(text) % 4 or self._tail or self._headed or self._audio.encoding is Encoding.UNKNOWN:
            return len(self.decode(text))
        size = self._bytes + len(text) // 4 * 3
        if text[-1:] == b"=":
            size -= text[-2:].count(b"=")
        samples, self._bytes = divmod(size, self._audio.encoding.bytes_per_sample)
        # Which byte is left over is not known, and changes nothing that can be heard.
        self._rest = bytes(self._bytes)
        return samples

    def decode(self, text: bytes) -> NDArray[np.int16]:
        """Return the samples that a delta completes; one that is not base64 completes none."""
        try:
            if self._begins and is_hexadecimal(text):
                self.foreign = self.foreign or "hexadecimal text"
            decoded = self._plain(text)
            if decoded is None:
                decoded = self._decoded(text.translate(_URL_SAFE, _WHITE))
            raw = self._rest + decoded
        except ValueError:
            self.undecodable += 1
            raw = self._rest
        if (self._begins or self._headed) and raw:
            raw = self._bare(raw)
        whole = len(raw) - len(raw) % self._audio.encoding.bytes_per_sample
        self._rest, self._bytes = raw[whole:], len(raw) - whole
        self.written = raw[:whole]
        match self._audio.encoding:
            case Encoding.PCM16:
                return np.frombuffer(raw, "<i2", whole // 2).astype(np.int16, copy=False)
            case Encoding.MULAW:
                return decode_mulaw(np.frombuffer(raw, np.uint8))
            case Encoding.ALAW:
                return decode_alaw(np.frombuffer(raw, np.uint8))
            case Encoding.UNKNOWN:
                self.undecodable += 1
                return np.empty(0, np.int16)

    def _bare(self, raw: bytes) -> bytes:
        """Return the beginning of an item, or of a delta, without the header of a file."""
        length, contradiction = wav_header(raw, self._audio)
        if self._begins:
            contradiction = contradiction or compressed(raw)
        self.foreign = self.foreign or contradiction
        self._headed = self._headed or length > 0
        self._begins = False
        return raw[length:]

    def _plain(self, text: bytes) -> bytes | None:
        """Return the bytes of a delta of whole groups, as most are; `None` for any other."""
        if len(text) % 4 or self._tail or self._cuts_groups:
            return None
        try:
            decoded = binascii.a2b_base64(text, strict_mode=True)
        except binascii.Error:
            return None
        self._characters += len(text)
        return decoded

    def _decoded(self, text: bytes) -> bytes:
        """Return the bytes of a delta in the standard alphabet.

        Raises:
            ValueError: It is not base64.
        """
        if _ALPHABET.fullmatch(text) is None:
            raise ValueError("not base64")
        if text.endswith(b"=") and not self._tail:
            self._characters += len(text)
            return b"".join(_padded(part) for part in _PADDING.split(text))
        if not self._cuts_groups and _is_cut(text):
            self._cuts_groups = True
            # Until now each delta was taken to be whole, which only silence had left open.
            before = (self._characters - len(self._tail)) // 4 * 3
            self._rest = bytes(before % self._audio.encoding.bytes_per_sample)
        self._characters += len(text)
        joined = self._tail + text
        over = 0 if text.endswith(b"=") else len(joined) % 4
        self._tail = joined[len(joined) - over :]
        if self._cuts_groups:
            text = joined[: len(joined) - over]
        return b"".join(_padded(part) for part in _PADDING.split(text))


def _is_cut(text: bytes) -> bool:
    """Tell whether a text without padding certainly ends inside a group."""
    over = len(text) % 4
    if text.endswith(b"=") or over == 0:
        return False
    return over == 1 or bool(_DIGITS.index(text[-1:]) & _UNUSED_BITS[over])


def _padded(text: bytes) -> bytes:
    return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
