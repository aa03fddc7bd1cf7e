"""Generated speech-like audio: seeded, with an onset and an end known to the sample.

A pulse train of gliding pitch is coloured by three resonances that move from vowel to vowel,
four or so a second, with short stops and hissed consonants in between. It is for places
where no recording is available and for clocks that must be checked against an exact end; it stands
for no population of callers.
"""

import numpy as np
from numpy.typing import NDArray

_RMS = 0.1  # -20 dBFS
_PEAK = 0.95
# Tuned against Silero: with these it classifies nine tenths of the signal as speech.
_BREATH = 0.03
_HISS = 0.3
_HISSING_SYLLABLES = 0.6
_CONTROL_S = 0.005
_TOP_HZ = 5_000.0
# First three resonances of seven vowels of an adult speaker, in hertz, rounded from the averages
# of Peterson and Barney (1952).
_VOWELS_HZ = np.array(
    [
        (270, 2290, 3010),
        (390, 1990, 2550),
        (530, 1840, 2480),
        (660, 1720, 2410),
        (730, 1090, 2440),
        (570, 840, 2410),
        (300, 870, 2240),
    ],
    dtype=np.float64,
)
_HIGHEST_RESONANCE_HZ = 3_600.0
_BANDWIDTHS_HZ = np.array((80.0, 100.0, 140.0, 250.0))


def speech_like(rng: np.random.Generator, duration_s: float, rate_hz: int) -> NDArray[np.int16]:
    """Return a speech-like signal that is loud from its first sample to its last.

    Args:
        rng: Where pitch, vowels and rhythm are drawn from.
        duration_s: Length; at least 0.1.
        rate_hz: Sample rate.

    Returns:
        int16, shape (round(duration_s * rate_hz),), about -20 dBFS RMS. Gaps inside are shorter
        than 150 ms. The first and the last sample sit on the peak of a glottal pulse.
    """
    if duration_s < 0.1:
        raise ValueError(f"speech needs at least 0.1 s, got {duration_s}")
    total = round(duration_s * rate_hz)
    at_s = np.arange(total) / rate_hz
    control_s = np.arange(0.0, duration_s + 2 * _CONTROL_S, _CONTROL_S)
    syllable_s = _syllable_starts(rng, duration_s)
    pitch_hz = _pitch(rng, control_s, duration_s)
    resonances_hz = _resonances(rng, control_s, syllable_s)
    voiced = _voice(at_s, control_s, pitch_hz, resonances_hz)
    noise = rng.standard_normal(total) * np.sqrt(np.mean(voiced**2))
    hiss = np.interp(at_s, control_s, _hiss(rng, control_s, syllable_s, duration_s))
    loudness = np.interp(at_s, control_s, _loudness(rng, control_s, syllable_s, duration_s))
    return _levelled((voiced * (1.0 - hiss) + noise * (_BREATH + _HISS * hiss)) * loudness)


def _syllable_starts(rng: np.random.Generator, duration_s: float) -> NDArray[np.float64]:
    """Return when each syllable begins: three to five a second, the first at 0."""
    lengths = rng.uniform(0.2, 0.33, size=int(duration_s / 0.2) + 2)
    starts = np.concatenate(([0.0], np.cumsum(lengths)))
    return starts[starts < duration_s]


def _pitch(
    rng: np.random.Generator, control_s: NDArray[np.float64], duration_s: float
) -> NDArray[np.float64]:
    """Return a falling, wavering pitch in hertz at the control instants."""
    base_hz = rng.uniform(105.0, 210.0)
    fall = np.interp(control_s, (0.0, duration_s), (1.12, 0.88))
    waver = 0.08 * np.sin(2 * np.pi * (rng.uniform(1.5, 2.5) * control_s + rng.random()))
    tremor = rng.normal(0.0, 0.006, size=len(control_s))
    pitch_hz: NDArray[np.float64] = base_hz * fall * (1.0 + waver + tremor)
    return pitch_hz


def _resonances(
    rng: np.random.Generator, control_s: NDArray[np.float64], syllable_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return three gliding resonances in hertz, shape (controls, 3)."""
    vowels = _VOWELS_HZ[rng.integers(len(_VOWELS_HZ), size=len(syllable_s))]
    vowels = vowels * rng.uniform(0.95, 1.2)
    # A vowel is held from shortly after its syllable's start to shortly before the next one's.
    hold_s = np.sort(np.concatenate((syllable_s + 0.03, syllable_s + 0.18)))
    held = np.repeat(vowels, 2, axis=0)
    return np.stack([np.interp(control_s, hold_s, held[:, k]) for k in range(3)], axis=1)


def _voice(
    at_s: NDArray[np.float64],
    control_s: NDArray[np.float64],
    pitch_hz: NDArray[np.float64],
    resonances_hz: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return harmonics of the pitch under the resonances, in step at both ends."""
    cycles = np.cumsum(np.interp(at_s, control_s, pitch_hz))
    cycles -= cycles[0]
    # A whole number of pitch periods puts the last sample on a pulse, like the first.
    cycles *= max(round(cycles[-1] * at_s[1]), 1) / cycles[-1]
    top_hz = min(_TOP_HZ, 0.45 / at_s[1])
    voiced = np.zeros(len(at_s))
    for harmonic in range(1, int(top_hz / pitch_hz.max()) + 1):
        gain = _gain(harmonic * pitch_hz, resonances_hz)
        voiced += np.interp(at_s, control_s, gain) * np.cos(2 * np.pi * harmonic * cycles)
    return voiced


def _gain(tone_hz: NDArray[np.float64], resonances_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how loud a tone comes out: resonators in cascade over a source of -6 dB an octave."""
    tone = tone_hz[:, None]
    centre = np.column_stack((resonances_hz, np.full(len(tone_hz), _HIGHEST_RESONANCE_HZ)))
    response = centre**2 / np.hypot(centre**2 - tone**2, tone * _BANDWIDTHS_HZ)
    gain: NDArray[np.float64] = response.prod(axis=1) * 120.0 / tone_hz
    return gain


def _loudness(
    rng: np.random.Generator,
    control_s: NDArray[np.float64],
    syllable_s: NDArray[np.float64],
    duration_s: float,
) -> NDArray[np.float64]:
    """Return the syllables' loudness at the control instants, full at both ends."""
    position = np.searchsorted(syllable_s, control_s, side="right") - 1
    lengths = np.diff(np.append(syllable_s, duration_s + 2 * _CONTROL_S))
    through = (control_s - syllable_s[position]) / lengths[position]
    loudness = 0.35 + 0.65 * np.sin(np.pi * np.clip(through, 0.0, 1.0)) ** 0.7
    # A stop closes before every third syllable or so; 60 to 120 ms, as between words.
    for start_s in syllable_s[1:]:
        if rng.random() < 0.3:
            gap = (control_s > start_s - rng.uniform(0.06, 0.12)) & (control_s < start_s)
            loudness[gap] = 0.004
    edge_s = np.minimum(control_s, duration_s - control_s)
    return np.where(edge_s < 0.05, 1.0, loudness)


def _hiss(
    rng: np.random.Generator,
    control_s: NDArray[np.float64],
    syllable_s: NDArray[np.float64],
    duration_s: float,
) -> NDArray[np.float64]:
    """Return how far an unvoiced consonant replaces the voice, 0 to 1, never at the ends."""
    hiss = np.zeros(len(control_s))
    for start_s in syllable_s[1:]:
        if rng.random() < _HISSING_SYLLABLES and start_s + 0.15 < duration_s:
            length_s = rng.uniform(0.05, 0.1)
            hiss[(control_s > start_s) & (control_s < start_s + length_s)] = 1.0
    return hiss


def _levelled(signal: NDArray[np.float64]) -> NDArray[np.int16]:
    """Return the signal at its level as int16, peaks bent rather than cut."""
    scaled = signal * (_RMS / np.sqrt(np.mean(signal**2)))
    bent: NDArray[np.float64] = np.rint(32767 * _PEAK * np.tanh(scaled / _PEAK))
    return bent.astype(np.int16)
