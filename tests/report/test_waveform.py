"""The picture of a recording: who sounds where, and text that cannot leave its place."""

import re

import numpy as np

from harness.report.waveform import Mark, waveform

RATE_HZ = 8_000


def tone(begin_s: float, end_s: float, side: int, length_s: float = 4.0) -> np.ndarray:
    samples = np.zeros((round(length_s * RATE_HZ), 2), np.int16)
    samples[round(begin_s * RATE_HZ) : round(end_s * RATE_HZ), side] = 8_000
    return samples


def bars(drawn: str, track: str) -> list[int]:
    """Return the places of the strokes of a track, of 400."""
    (path,) = re.findall(rf'class="{track}" d="([^"]*)"', drawn)
    return [int(place) for place in re.findall(r"M(\d+) \d+v", path)]


def test_each_track_has_strokes_where_it_sounds() -> None:
    both = tone(0.0, 1.0, 0) + tone(2.0, 4.0, 1)
    drawn = waveform(both, RATE_HZ, [], [], "")
    assert bars(drawn, "caller") == list(range(100))
    assert bars(drawn, "agent") == list(range(200, 400))


def test_marks_and_gaps_lie_at_their_instants() -> None:
    marks = [Mark("end", "Speech end", 1.0), Mark("audible", "First audible", 2.0)]
    drawn = waveform(tone(0, 1, 0), RATE_HZ, marks, [(3.0, 3.5)], "")
    assert re.findall(r'class="mark (\w+)" d="M([\d.]+)', drawn) == [
        ("end", "100.0"),
        ("audible", "200.0"),
    ]
    assert re.findall(r'class="gap" x="([\d.]+)".*?width="([\d.]+)"', drawn) == [("300.0", "50.0")]


def test_a_recording_shorter_than_its_picture_is_drawn() -> None:
    assert bars(waveform(np.full((3, 2), 99, np.int16), RATE_HZ, [], [], ""), "caller")
    loudest = np.full((800, 2), -32_768, np.int16)
    assert len(bars(waveform(loudest, RATE_HZ, [], [], ""), "agent")) == 400


def test_words_are_escaped() -> None:
    hostile = '"><script>x</script>'
    drawn = waveform(tone(0, 1, 0), RATE_HZ, [Mark("end", hostile, 0.5)], [], hostile)
    assert "<script" not in drawn
    assert drawn.count("&lt;script&gt;") == 2
