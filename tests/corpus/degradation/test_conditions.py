from pathlib import Path

import numpy as np
import pytest

from harness.corpus.degradation.conditions import Take, apply_steps, parse_steps
from harness.corpus.sound import write
from harness.errors import BadInput

RATE_HZ = 16_000


def _click(at_s: float = 0.5, seconds: float = 1.0) -> Take:
    """Return a band-limited burst whose middle is the mark."""
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    burst = 0.5 * np.exp(-(((at - at_s) * 2000) ** 2)) * np.cos(2 * np.pi * 1000 * (at - at_s))
    return Take(burst, RATE_HZ, at_s - 0.1, at_s)


def _speech(seconds: float = 1.0) -> Take:
    rng = np.random.default_rng(3)
    samples = np.zeros(round(seconds * RATE_HZ))
    samples[3_200:12_800] = rng.normal(0, 0.1, 9_600)
    return Take(samples, RATE_HZ, 0.2, 0.8)


def _run(words: str, take: Take, seed: int = 1) -> Take:
    return apply_steps(take, parse_steps(words), np.random.default_rng(seed))


def _impulse(folder: Path, delay_s: float) -> Path:
    response = np.zeros(4_000, dtype=np.int16)
    response[round(delay_s * 8_000)] = 30_000
    response[round(delay_s * 8_000) + 400 :: 50] = 900
    folder.mkdir()
    write(folder / "room.wav", response, 8_000)
    return folder


@pytest.mark.parametrize(
    "words",
    [
        "telephone:mulaw",
        "telephone:alaw",
        "loudness:-26",
        "clip:6",
        "speed:1.25",
        "speed:0.8",
        "loudness:-30+telephone:mulaw",
    ],
)
def test_the_mark_stays_on_what_it_marked(words: str) -> None:
    take = _run(words, _click())
    peak_s = np.argmax(np.abs(take.samples)) / take.rate_hz
    assert peak_s == pytest.approx(take.end_s, abs=1.5 / 8_000 + (0.001 if "clip" in words else 0))


def test_the_mark_moves_with_the_direct_sound_of_a_room(tmp_path: Path) -> None:
    take = _run(f"reverb:{_impulse(tmp_path / 'rooms', 0.05)}", _click())
    assert take.end_s == pytest.approx(0.55, abs=1e-3)
    assert np.argmax(np.abs(take.samples)) / RATE_HZ == pytest.approx(take.end_s, abs=1e-3)
    assert len(take.samples) > RATE_HZ


@pytest.mark.parametrize("snr_db", [20.0, 10.0, 0.0])
def test_noise_comes_at_the_ratio_asked_for(snr_db: float) -> None:
    clean = _speech()
    noisy = _run(f"noise:{snr_db}", clean)
    added = noisy.samples - clean.samples
    ratio = 20 * np.log10(clean.speech_rms() / np.sqrt(np.mean(added**2)))
    assert ratio == pytest.approx(snr_db, abs=0.01)
    spectrum = np.abs(np.fft.rfft(added)) ** 2
    octaves = [spectrum[100:200].sum(), spectrum[3_200:6_400].sum()]
    assert 0.5 < octaves[0] / octaves[1] < 2.0


def test_noise_of_the_user_is_repeated_where_too_short(tmp_path: Path) -> None:
    tone = (8_000 * np.sin(np.arange(800))).astype(np.int16)
    (tmp_path / "noise").mkdir()
    write(tmp_path / "noise" / "hum.wav", tone, RATE_HZ)
    (tmp_path / "noise" / "broken.wav").touch()
    noisy = _run(f"noise:10:{tmp_path / 'noise'}", _speech())
    assert np.sqrt(np.mean(noisy.samples[-2_000:] ** 2)) > 0.02


def test_the_same_seed_makes_the_same_sound_and_another_another() -> None:
    first, again, other = (_run("noise:10", _speech(), seed) for seed in (1, 1, 2))
    assert np.array_equal(first.samples, again.samples)
    assert not np.array_equal(first.samples, other.samples)


def test_a_telephone_keeps_its_band_only() -> None:
    at = np.arange(RATE_HZ) / RATE_HZ
    levels = []
    for tone_hz in (100, 1_000, 3_900):
        take = Take(0.3 * np.sin(2 * np.pi * tone_hz * at), RATE_HZ, 0.2, 0.8)
        levels.append(20 * np.log10(_run("telephone:mulaw", take).speech_rms() / take.speech_rms()))
    assert levels[1] == pytest.approx(0.0, abs=0.5)
    assert max(levels[0], levels[2]) < -25


def test_nothing_ever_clips_unasked() -> None:
    for words in ("loudness:0", "noise:-20", "loudness:-3+noise:0"):
        assert np.abs(_run(words, _speech()).samples).max() < 1.0
    loud = _run("loudness:-30", _speech())
    assert 20 * np.log10(loud.speech_rms()) == pytest.approx(-30, abs=0.1)


@pytest.mark.parametrize(
    "words", ["echo:1", "noise:loud", "telephone:gsm", "speed:9", "reverb:/nowhere", "clip:-1", ""]
)
def test_what_cannot_be_done_is_bad_input(words: str) -> None:
    with pytest.raises(BadInput):
        parse_steps(words)
