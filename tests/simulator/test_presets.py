import numpy as np
import pytest

from harness.simulator import PRESETS, Preset
from harness.simulator.presets import DEFAULT_PRESET

# Standard normal deviates of the 5th, 25th, 50th, 75th, 95th and 99th percentile.
DEVIATES = {0.05: -1.6449, 0.25: -0.6745, 0.5: 0.0, 0.75: 0.6745, 0.95: 1.6449, 0.99: 2.3263}
DRAWS = 4_000


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)
def test_share_of_draws_below_each_quantile_is_the_quantile(preset: Preset) -> None:
    """Six binomial tests a preset, each two-sided at 4 sigma.

    Chance of a false alarm over the nine presets: below 54 x 6.4e-5 = 0.35 % for a fresh seed,
    by the normal approximation. The seed is fixed, so the outcome is too.
    """
    rng = np.random.default_rng(20_261_121)
    drawn = np.array([preset.draw_latency_ms(rng) for _ in range(DRAWS)])
    assert drawn.min() > preset.shift_ms
    for share, deviate in DEVIATES.items():
        quantile_ms = preset.latency_quantile_ms(deviate)
        if preset.cap_ms is not None and quantile_ms >= preset.cap_ms:
            continue
        tolerance = 4 * np.sqrt(share * (1 - share) / DRAWS)
        assert np.mean(drawn < quantile_ms) == pytest.approx(share, abs=tolerance)


def test_default_preset_has_the_published_percentiles() -> None:
    preset = PRESETS[DEFAULT_PRESET]
    assert preset.latency_quantile_ms(0.0) == pytest.approx(1504, abs=1)
    assert preset.latency_quantile_ms(DEVIATES[0.99]) == pytest.approx(2576, abs=3)


def test_cap_holds() -> None:
    rng = np.random.default_rng(1)
    preset = PRESETS["grok-realtime"]
    assert preset.cap_ms is not None
    assert max(preset.draw_latency_ms(rng) for _ in range(5_000)) == preset.cap_ms


def test_leading_silence_is_whole_samples_around_its_median_and_capped() -> None:
    """Share below the median within 4 sigma: false alarm 6.4e-5 for a fresh seed."""
    rng = np.random.default_rng(3)
    preset = PRESETS[DEFAULT_PRESET]
    drawn = np.array([preset.draw_lead_samples(rng, 24_000) for _ in range(DRAWS)])
    assert drawn.dtype.kind == "i"
    assert drawn.min() >= 0
    assert drawn.max() <= 0.4 * 24_000
    below = np.mean(drawn < preset.lead_median_ms * 24)
    assert below == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(DRAWS))
