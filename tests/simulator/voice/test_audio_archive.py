from hypothesis import given
from hypothesis import strategies as st

from harness.simulator.voice.audio_archive import AudioArchive, AudioTrack


@given(
    st.lists(st.integers(1, 50), min_size=1, max_size=40),
    st.integers(1, 200),
    st.integers(0, 300),
    st.integers(0, 300),
)
def test_tape_gives_back_any_span_of_the_last_it_was_told_to_keep(
    sizes: list[int], most: int, back: int, length: int
) -> None:
    """Samples of two bytes, told apart by their number; the tape begins at sample 1000."""
    total = sum(sizes)
    audio = b"".join(number.to_bytes(2, "big") for number in range(total))
    track, at = AudioTrack(2, 1000), 0
    for size in sizes:
        track.add(audio[2 * at : 2 * (at + size)], size, most)
        at += size
    kept = track.cut(0, 10**9)
    assert audio.endswith(kept)
    assert min(total, most) <= len(kept) // 2 <= 2 * most + max(sizes)
    first = max(0, total - min(back, most))
    assert track.cut(1000 + first, 1000 + first + length) == audio[2 * first : 2 * (first + length)]


def test_archive_forgets_the_oldest_when_it_is_full() -> None:
    archive = AudioArchive(10)
    first, second = archive.keep(b"12345"), archive.keep(b"67890")
    assert (first(), second()) == (b"12345", b"67890")
    third = archive.keep(b"x")
    assert (first(), second(), third()) == (None, b"67890", b"x")
    assert archive.keep(b"far too long for it")() is None
