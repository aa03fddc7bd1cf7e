"""How far off the onset detector is, on signals whose onset is known to the sample.

`calibrate` makes responses from seeds, feeds them to the detector in deltas as a session would, and
states bias and spread for each condition.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from harness.bench.findings import DetectorFinding
from harness.model.g711 import decode_alaw, decode_mulaw, encode_alaw, encode_mulaw
from harness.session.playout.onset import OnsetDetector

Samples = NDArray[np.int16]
# Draws a response: generator, seconds, sample rate; about -20 dBFS, loud from its first sample.
Speech = Callable[[np.random.Generator, float, int], Samples]

TRIALS = 40
_SEED = 20_260_401
_RATE_HZ, _TELEPHONE_HZ = 24_000, 8_000
_SPEECH_DBFS, _SPEECH_S = -20.0, 0.7
_FRICATIVE_S = 0.08
_CLICK_HEIGHT = 8_000
_FULL_SCALE = 32768.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A kind of response.

    Attributes:
        name: What the table calls it.
        speech_dbfs: Level of the speech.
        noise_dbfs: Level of steady white noise under all of it, `None` for digital silence.
        noise_top_hz: Highest frequency of the noise, `None` for white.
        lead_ms: Shortest and longest time before the speech.
        zeros_ms: Digital silence ahead of the noise, within the lead.
        rise_ms: How long the speech fades in.
        fricative_dbfs: Level of 80 ms of hiss that the speech begins with, `None` for none.
        offset: Constant added to every sample, in sample steps.
        click_ms: Length of a click in the middle of the lead.
        law: Codec of the telephone line it comes through, at 8 kHz; empty for none.
        delta_ms: Length of the pieces that it comes in.
        limit: What its figures leave out.
    """

    name: str
    speech_dbfs: float = _SPEECH_DBFS
    noise_dbfs: float | None = None
    noise_top_hz: float | None = None
    lead_ms: tuple[float, float] = (180.0, 900.0)
    zeros_ms: float = 0.0
    rise_ms: float = 0.0
    fricative_dbfs: float | None = None
    offset: int = 0
    click_ms: float = 0.0
    law: str = ""
    delta_ms: float = 100.0
    limit: str = ""


# A stream that never pauses and in which nobody says where a response begins, as behind carriers:
# packets of 20 ms, long before the speech.
_UNANNOUNCED = Condition(name="", law="mulaw", lead_ms=(1_200.0, 2_000.0), delta_ms=20.0)
CONDITIONS = (
    Condition(name="speech -10 dBFS, no noise", speech_dbfs=-10.0),
    Condition(name="speech -20 dBFS, no noise"),
    Condition(name="speech -30 dBFS, no noise", speech_dbfs=-30.0),
    Condition(name="speech -40 dBFS, no noise", speech_dbfs=-40.0),
    Condition(
        name="no lead at all",
        lead_ms=(0.0, 0.0),
        limit="a breath fainter than -42 dBFS that a response begins with is taken for noise",
    ),
    Condition(name="noise -70 dBFS", noise_dbfs=-70.0),
    Condition(name="noise -60 dBFS", noise_dbfs=-60.0),
    Condition(name="noise -50 dBFS", noise_dbfs=-50.0),
    Condition(name="noise -45 dBFS", noise_dbfs=-45.0),
    Condition(name="noise -50 dBFS, lead 60 to 150 ms", noise_dbfs=-50.0, lead_ms=(65.0, 150.0)),
    Condition(
        name="noise -50 dBFS, lead under 60 ms",
        noise_dbfs=-50.0,
        lead_ms=(5.0, 55.0),
        limit="noise shorter than 60 ms is not told from speech: early by its length",
    ),
    Condition(
        name="zeros, then noise -50 dBFS", noise_dbfs=-50.0, zeros_ms=100.0, lead_ms=(300.0, 900.0)
    ),
    Condition(name="SNR 20 dB, noise -50 dBFS", speech_dbfs=-30.0, noise_dbfs=-50.0),
    Condition(name="SNR 15 dB, noise -50 dBFS", speech_dbfs=-35.0, noise_dbfs=-50.0),
    Condition(name="SNR 10 dB, noise -50 dBFS", speech_dbfs=-40.0, noise_dbfs=-50.0),
    Condition(
        name="SNR 5 dB, noise -50 dBFS",
        speech_dbfs=-45.0,
        noise_dbfs=-50.0,
        limit="not to be relied on: below 8 dB speech is missed, late or refused",
    ),
    Condition(
        name="noise -50 dBFS below 2 kHz",
        noise_dbfs=-50.0,
        noise_top_hz=2_000.0,
    ),
    Condition(
        name="noise -45 dBFS below 1 kHz",
        noise_dbfs=-45.0,
        noise_top_hz=1_000.0,
        limit="dull noise swells: now and then a response of it alone is taken for speech",
    ),
    Condition(
        name="noise -35 dBFS",
        noise_dbfs=-35.0,
        limit="refused: steady noise above -42 dBFS cannot be told from the response",
    ),
    Condition(name="mu-law, idle line", law="mulaw"),
    Condition(name="A-law, idle line", law="alaw"),
    Condition(name="mu-law, noise -60 dBFS", law="mulaw", noise_dbfs=-60.0),
    Condition(name="A-law, noise -60 dBFS", law="alaw", noise_dbfs=-60.0),
    Condition(name="mu-law, noise -50 dBFS", law="mulaw", noise_dbfs=-50.0),
    Condition(name="A-law, noise -50 dBFS", law="alaw", noise_dbfs=-50.0),
    Condition(name="offset of 1000 steps", offset=1000, noise_dbfs=-65.0),
    Condition(name="click of 10 ms in the lead", click_ms=10.0),
    Condition(name="fade-in of 50 ms", rise_ms=50.0),
    Condition(name="fade-in of 300 ms", rise_ms=300.0, limit="from where the fade passes -55 dBFS"),
    Condition(name="fade-in of 50 ms, noise -50 dBFS", rise_ms=50.0, noise_dbfs=-50.0),
    Condition(name="fricative -40 dBFS first", fricative_dbfs=-40.0),
    Condition(
        name="fricative -40 dBFS first, noise -60 dBFS", fricative_dbfs=-40.0, noise_dbfs=-60.0
    ),
    Condition(
        name="fricative -45 dBFS first, noise -50 dBFS",
        fricative_dbfs=-45.0,
        noise_dbfs=-50.0,
        limit="a hiss less than 8 dB above the noise may be lost: late by its length",
    ),
    replace(_UNANNOUNCED, name="unannounced, silence all along"),
    replace(_UNANNOUNCED, name="unannounced, comfort noise -60 dBFS", noise_dbfs=-60.0),
    replace(_UNANNOUNCED, name="unannounced, comfort noise -50 dBFS", noise_dbfs=-50.0),
    replace(
        _UNANNOUNCED,
        name="unannounced, comfort noise -50 dBFS, SNR 15 dB",
        speech_dbfs=-35.0,
        noise_dbfs=-50.0,
    ),
    replace(
        _UNANNOUNCED,
        name="unannounced, silence, then comfort noise -50 dBFS",
        noise_dbfs=-50.0,
        zeros_ms=1_000.0,
    ),
    replace(_UNANNOUNCED, name="unannounced, linear, noise -50 dBFS", law="", noise_dbfs=-50.0),
)


def calibrate(
    speech: Speech, conditions: tuple[Condition, ...] = CONDITIONS
) -> Iterator[DetectorFinding]:
    """Measure the detector, condition by condition.

    Args:
        speech: Where responses come from, such as `harness.corpus.speech_like`.
        conditions: What to measure.

    Yields:
        One row for each condition, always the same for the same speech.
    """
    drawn: dict[int, list[Samples]] = {}
    for condition in conditions:
        rate_hz = _TELEPHONE_HZ if condition.law else _RATE_HZ
        if rate_hz not in drawn:
            generators = (np.random.default_rng((_SEED, trial)) for trial in range(TRIALS))
            drawn[rate_hz] = [speech(rng, _SPEECH_S, rate_hz) for rng in generators]
        readings = []
        for trial, spoken in enumerate(drawn[rate_hz]):
            rng = np.random.default_rng((_SEED, TRIALS + trial))
            response, onset = make_response(condition, spoken, rng, rate_hz)
            found, doubt = read(response, rate_hz, condition.delta_ms)
            error_ms = None if found is None else (found - onset) * 1000 / rate_hz
            readings.append((error_ms, bool(doubt)))
        yield _finding(condition, readings)


def make_response(
    condition: Condition, speech: Samples, rng: np.random.Generator, rate_hz: int
) -> tuple[Samples, int]:
    """Put speech into its condition.

    Args:
        condition: What the response is like.
        speech: int16 samples at about -20 dBFS.
        rng: Where lead and noise are drawn from.
        rate_hz: Sample rate.

    Returns:
        int16 samples, shape (n,), and the index of the first sample of speech.
    """

    def length(span_ms: float) -> int:
        return round(span_ms * rate_hz / 1000)

    onset = length(rng.uniform(*condition.lead_ms))
    spoken = speech * 10 ** ((condition.speech_dbfs - _SPEECH_DBFS) / 20)
    rise = length(condition.rise_ms)
    spoken[:rise] *= np.linspace(0.0, 1.0, rise)
    if condition.fricative_dbfs is not None:
        # The first difference of white noise rises with frequency, as a hiss does.
        hiss = np.diff(rng.standard_normal(round(_FRICATIVE_S * rate_hz) + 1)) / np.sqrt(2)
        spoken = np.concatenate((hiss * _rms(condition.fricative_dbfs), spoken))
    response = np.concatenate((np.zeros(onset), spoken))
    response[onset // 2 : onset // 2 + length(condition.click_ms)] = _CLICK_HEIGHT
    if condition.noise_dbfs is not None:
        noise = _noise(rng, len(response), rate_hz, condition.noise_top_hz)
        noise *= _rms(condition.noise_dbfs)
        noise[: length(condition.zeros_ms)] = 0.0
        response += noise
    samples = _as_int16(response + condition.offset)
    return (_LAWS[condition.law](samples) if condition.law else samples), onset


def read(response: Samples, rate_hz: int, delta_ms: float) -> tuple[int | None, str]:
    """Read a response in deltas of this length; return the onset and the doubt, if any."""
    detector, delta = OnsetDetector(rate_hz), round(delta_ms * rate_hz / 1000)
    for start in range(0, len(response), delta):
        detector.feed(response[start : start + delta])
    return detector.close(), detector.doubt


def through_mulaw(samples: Samples) -> Samples:
    """Return the samples as a mu-law telephone line delivers them."""
    return decode_mulaw(encode_mulaw(samples))


def through_alaw(samples: Samples) -> Samples:
    """Return the samples as an A-law telephone line delivers them; an idle line is a constant 8."""
    return decode_alaw(encode_alaw(samples))


_LAWS: dict[str, Callable[[Samples], Samples]] = {"mulaw": through_mulaw, "alaw": through_alaw}


def _noise(
    rng: np.random.Generator, samples: int, rate_hz: int, top_hz: float | None
) -> NDArray[np.float64]:
    """Return noise of unit power, shape (samples,)."""
    white = rng.standard_normal(samples)
    if top_hz is None:
        return white
    spectrum = np.fft.rfft(white)
    spectrum[np.fft.rfftfreq(samples, 1 / rate_hz) > top_hz] = 0.0
    dull = np.fft.irfft(spectrum, samples)
    return np.asarray(dull / np.sqrt(np.mean(dull**2)))


def _as_int16(signal: NDArray[np.float64] | NDArray[np.int32]) -> Samples:
    return np.clip(np.rint(signal), -32768, 32767).astype(np.int16)


def _rms(dbfs: float) -> float:
    return float(_FULL_SCALE * 10 ** (dbfs / 20))


def _finding(condition: Condition, readings: list[tuple[float | None, bool]]) -> DetectorFinding:
    refused = sum(doubt for _, doubt in readings)
    dated = [error for error, doubt in readings if error is not None and not doubt]
    sizes = sorted(abs(error) for error in dated)
    return DetectorFinding(
        condition=condition.name,
        bias_ms=round(float(np.median(dated)), 2) if dated else None,
        p95_abs_ms=round(sizes[-(-len(sizes) * 95 // 100) - 1], 2) if dated else None,
        refused=refused / len(readings),
        missed=(len(readings) - refused - len(dated)) / len(readings),
        limit=condition.limit,
    )
