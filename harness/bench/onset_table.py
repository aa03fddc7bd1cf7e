"""How far off the onset detector is: what `calibration.calibrate` gave on generated speech.

Errors are found minus true, in milliseconds, late is positive, over 40 replies each; generated
speech sits on a pulse at its first sample, so real speech, which swells, reads as the fade-ins
do. The numbers are for people and reports: nothing is corrected by them.
"""

from harness.bench.onset_calibration import Bias

ONSET_TABLE = (
    Bias(
        condition="speech -10 dBFS, no noise",
        bias_ms=0.0,
        p95_abs_ms=0.0,
    ),
    Bias(
        condition="speech -20 dBFS, no noise",
        bias_ms=0.0,
        p95_abs_ms=0.0,
    ),
    Bias(
        condition="speech -30 dBFS, no noise",
        bias_ms=0.0,
        p95_abs_ms=0.0,
    ),
    Bias(
        condition="speech -40 dBFS, no noise",
        bias_ms=0.0,
        p95_abs_ms=0.0,
    ),
    Bias(
        condition="no lead at all",
        bias_ms=0.0,
        p95_abs_ms=0.0,
        limit="a breath fainter than -42 dBFS that a reply begins with is taken for noise",
    ),
    Bias(
        condition="noise -70 dBFS",
        bias_ms=0.0,
        p95_abs_ms=0.0,
    ),
    Bias(
        condition="noise -60 dBFS",
        bias_ms=0.0,
        p95_abs_ms=0.0,
    ),
    Bias(
        condition="noise -50 dBFS",
        bias_ms=0.0,
        p95_abs_ms=0.0,
    ),
    Bias(
        condition="noise -45 dBFS",
        bias_ms=0.0,
        p95_abs_ms=0.0,
    ),
    Bias(
        condition="noise -50 dBFS, lead 60 to 150 ms",
        bias_ms=0.0,
        p95_abs_ms=2.83,
    ),
    Bias(
        condition="noise -50 dBFS, lead under 60 ms",
        bias_ms=-31.15,
        p95_abs_ms=53.71,
        limit="noise shorter than 60 ms is not told from speech: early by its length",
    ),
    Bias(
        condition="zeros, then noise -50 dBFS",
        bias_ms=0.0,
        p95_abs_ms=0.0,
    ),
    Bias(
        condition="SNR 20 dB, noise -50 dBFS",
        bias_ms=0.0,
        p95_abs_ms=0.0,
    ),
    Bias(
        condition="SNR 15 dB, noise -50 dBFS",
        bias_ms=0.0,
        p95_abs_ms=0.0,
    ),
    Bias(
        condition="SNR 10 dB, noise -50 dBFS",
        bias_ms=0.0,
        p95_abs_ms=0.0,
        refused=0.05,
    ),
    Bias(
        condition="SNR 5 dB, noise -50 dBFS",
        bias_ms=0.0,
        p95_abs_ms=564.62,
        refused=0.35,
        missed=0.275,
        limit="not to be relied on: below 8 dB speech is missed, late or refused",
    ),
    Bias(
        condition="noise -50 dBFS below 2 kHz",
        bias_ms=0.0,
        p95_abs_ms=0.0,
    ),
    Bias(
        condition="noise -45 dBFS below 1 kHz",
        bias_ms=0.0,
        p95_abs_ms=0.0,
        limit="dull noise swells: now and then a reply of it alone is taken for speech",
    ),
    Bias(
        condition="noise -35 dBFS",
        bias_ms=None,
        p95_abs_ms=None,
        refused=1.0,
        limit="refused: steady noise above -42 dBFS cannot be told from the reply",
    ),
    Bias(
        condition="mu-law, idle line",
        bias_ms=0.0,
        p95_abs_ms=0.0,
    ),
    Bias(
        condition="A-law, idle line",
        bias_ms=0.0,
        p95_abs_ms=0.0,
    ),
    Bias(
        condition="mu-law, noise -60 dBFS",
        bias_ms=0.0,
        p95_abs_ms=0.0,
    ),
    Bias(
        condition="A-law, noise -60 dBFS",
        bias_ms=0.0,
        p95_abs_ms=0.0,
    ),
    Bias(
        condition="mu-law, noise -50 dBFS",
        bias_ms=0.0,
        p95_abs_ms=0.0,
    ),
    Bias(
        condition="A-law, noise -50 dBFS",
        bias_ms=0.0,
        p95_abs_ms=0.0,
    ),
    Bias(
        condition="offset of 1000 steps",
        bias_ms=0.0,
        p95_abs_ms=0.0,
    ),
    Bias(
        condition="click of 10 ms in the lead",
        bias_ms=0.0,
        p95_abs_ms=0.0,
    ),
    Bias(
        condition="fade-in of 50 ms",
        bias_ms=1.58,
        p95_abs_ms=4.79,
    ),
    Bias(
        condition="fade-in of 300 ms",
        bias_ms=4.94,
        p95_abs_ms=8.33,
        limit="from where the fade passes -55 dBFS",
    ),
    Bias(
        condition="fade-in of 50 ms, noise -50 dBFS",
        bias_ms=4.35,
        p95_abs_ms=5.67,
    ),
    Bias(
        condition="fricative -40 dBFS first",
        bias_ms=0.0,
        p95_abs_ms=0.04,
    ),
    Bias(
        condition="fricative -40 dBFS first, noise -60 dBFS",
        bias_ms=0.0,
        p95_abs_ms=0.12,
    ),
    Bias(
        condition="fricative -45 dBFS first, noise -50 dBFS",
        bias_ms=0.98,
        p95_abs_ms=80.0,
        limit="a hiss less than 8 dB above the noise may be lost: late by its length",
    ),
)
