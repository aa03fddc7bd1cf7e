"""What a file is that libsndfile cannot read, by its first bytes: its ending may say otherwise."""

from pathlib import Path

CONVERT = "cannot be read; convert it to WAV or FLAC"

_LOOKED_AT_BYTES = 1_024
_MAGICS = (
    (b"version https://git-lfs.", "it is a pointer of Git LFS; git lfs pull fetches the audio"),
    (b"\x1aE\xdf\xa3", f"WebM and Matroska {CONVERT}"),
    (b"#!AMR", f"AMR {CONVERT}"),
    (b"0&\xb2u\x8ef\xcf\x11", f"Windows Media {CONVERT}"),
    (b"\xff\xf1", f"AAC and MPEG-4 {CONVERT}"),
    (b"\xff\xf9", f"AAC and MPEG-4 {CONVERT}"),
    (b"#!SILK", f"SILK {CONVERT}"),
    (b"wvpk", f"WavPack {CONVERT}"),
    (b"MAC ", f"Monkey's Audio {CONVERT}"),
    (b"\x1f\x8b", "it is packed with gzip"),
    (b"PK\x03\x04", "it is a ZIP archive"),
    (b"%PDF", "it is a PDF"),
)
_WEB_PAGE = (b"<!doctype html", b"<html", b"<?xml")
_PACKED_SPHERE = (b"embedded-shorten", b"embedded-wavpack")


def what_it_is(path: Path) -> str | None:
    """Return in words what a file is that was taken for audio; `None` where that is not known.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(_LOOKED_AT_BYTES)
    if not head:
        return "it is empty"
    if not head.strip(b"\0"):
        return "it begins with zero bytes only"
    if head[4:8] == b"ftyp":
        return f"AAC and MPEG-4 {CONVERT}"
    if head.startswith(b"NIST_1A") and any(word in head for word in _PACKED_SPHERE):
        return "it is a SPHERE file whose audio is packed; sph2pipe unpacks it"
    for magic, words in _MAGICS:
        if head.startswith(magic):
            return words
    return _text(head)


def _text(head: bytes) -> str | None:
    """Return what kind of text a file begins with, `None` for none."""
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_WEB_PAGE):
        return "it is a web page; perhaps a download failed"
    is_text = head.isascii() and all(byte >= 0x20 or byte in b"\t\r\n\f" for byte in head)
    return "it is text" if is_text else None
