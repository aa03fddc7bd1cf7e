from dataclasses import replace
from pathlib import Path

import pytest

from harness.corpus import agreement, hand_marks
from harness.errors import BadInput
from harness.model import Clip

CLIP = Clip(
    id="a",
    path="deep/a.wav",
    sha256="",
    rate_hz=16_000,
    channels=1,
    duration_s=2.0,
    speech_start_s=0.1,
    speech_end_s=1.5,
    end_source="x",
    end_uncertainty_ms=60.0,
)


def test_errors_are_marked_minus_read(tmp_path: Path) -> None:
    (tmp_path / "hand.jsonl").write_text(
        '{"file": "a.flac", "speech_end_s": 1.44}\n'
        '{"path": "x/b.wav", "speech_end_offset_ms": 1900}\n'
    )
    clips = [
        CLIP,
        replace(CLIP, id="b", path="b.wav", speech_end_s=2.0),
        replace(CLIP, path="c.wav"),
    ]
    found = agreement(clips, hand_marks(tmp_path / "hand.jsonl"))
    assert found.errors_ms == pytest.approx({"a": 60.0, "b": 100.0})
    assert (found.within_share, found.clamped) == (0.5, 1)
    assert (found.mean_abs_ms, found.worst_ms) == pytest.approx((80.0, 100.0))


def test_nothing_to_compare_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "hand.jsonl").write_text('{"file": "a.flac"}\n')
    with pytest.raises(BadInput, match="states no end"):
        hand_marks(tmp_path / "hand.jsonl")
    with pytest.raises(BadInput, match="no clip"):
        agreement([CLIP], {"z": 1.0})
