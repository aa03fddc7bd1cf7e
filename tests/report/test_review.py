from pathlib import Path

import numpy as np
import pytest

from harness.report.review import DoubtfulClip, picture, write_review


def _clip(samples: int, name: str = "a") -> DoubtfulClip:
    noise = np.random.default_rng(1).normal(0, 2000, samples).astype(np.int16)
    return DoubtfulClip(
        name=name,
        transcript="<script>alert(1)</script>",
        samples=noise,
        rate_hz=16_000,
        end_s=0.5,
        end_source="one",
        second_end_s=0.75,
        second_source="two",
    )


@pytest.mark.parametrize("samples", [2, 100, 16_000])
def test_a_clip_of_any_length_is_drawn(samples: int) -> None:
    assert picture(_clip(samples)).startswith(b"\x89PNG")


def test_the_page_shows_each_clip_and_runs_nothing_of_theirs(tmp_path: Path) -> None:
    page = tmp_path / "review.html"
    assert write_review(page, "In doubt", [_clip(8_000), _clip(8_000, "b")]) == 2
    text = page.read_text()
    assert text.count("data:image/png;base64,") == 2
    assert "<script>" not in text
    assert "250 ms apart" in text


def test_the_two_marks_are_drawn_where_they_are() -> None:
    near = picture(_clip(16_000))
    clip = _clip(16_000)
    object.__setattr__(clip, "second_end_s", 0.9)
    assert picture(clip) != near
