from math import sqrt

import numpy as np
import pytest

from harness.simulator import NULL_PRESET, PRESETS, Part, Preset
from harness.simulator.chance.presets import DEFAULT_PRESET

SHARES = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
DRAWS = 4_000
FITTED = [preset for preset in PRESETS.values() if preset.name != NULL_PRESET]
BASE = Preset(name="base", shift_ms=100, median_ms=500, sigma=0.3)


@pytest.mark.parametrize("preset", FITTED, ids=lambda preset: preset.name)
def test_share_of_draws_below_each_quantile_is_the_quantile(preset: Preset) -> None:
    """Six binomial tests a preset, each two-sided at 4 sigma.

    Chance of a false alarm over the ten presets: below 60 x 6.4e-5 = 0.39 % for a fresh seed,
    by the normal approximation. The seed is fixed, so the outcome is too.
    """
    rng = np.random.default_rng(20_261_121)
    drawn = np.array([preset.draw_latency_ms(rng) for _ in range(DRAWS)])
    for share in SHARES:
        quantile_ms = preset.latency_quantile_ms(share)
        if preset.cap_ms is not None and quantile_ms >= preset.cap_ms - 0.001:
            continue
        tolerance = 4 * np.sqrt(share * (1 - share) / DRAWS)
        assert np.mean(drawn < quantile_ms) == pytest.approx(share, abs=tolerance)


@pytest.mark.parametrize(
    ("name", "published_ms"),
    [
        ("gpt-realtime-2.1", (1248, 1504, 2117, 2504)),
        ("gpt-realtime", (867, 1248, 1856, 2367)),
        ("nova-2-sonic", (448, 1280, 2806, 4036)),
    ],
)
def test_presets_have_the_published_percentiles(name: str, published_ms: tuple[float, ...]) -> None:
    fitted_ms = [PRESETS[name].latency_quantile_ms(share) for share in (0.05, 0.5, 0.95, 0.99)]
    assert fitted_ms == pytest.approx(published_ms, rel=0.1)


def test_default_preset_is_the_shifted_lognormal_of_the_table() -> None:
    preset = PRESETS[DEFAULT_PRESET]
    assert preset.latency_quantile_ms(0.5) == pytest.approx(1504, abs=1)
    assert preset.latency_quantile_ms(0.99) == pytest.approx(2576, abs=3)


def test_cap_holds() -> None:
    rng = np.random.default_rng(1)
    preset = PRESETS["grok-realtime"]
    assert preset.cap_ms is not None
    assert max(preset.draw_latency_ms(rng) for _ in range(5_000)) == preset.cap_ms


def test_leading_silence_is_around_its_median_and_capped() -> None:
    """Share below the median within 4 sigma: false alarm 6.4e-5 for a fresh seed."""
    rng = np.random.default_rng(3)
    preset = PRESETS[DEFAULT_PRESET]
    drawn = np.array([preset.draw_lead_ms(rng) for _ in range(DRAWS)])
    assert drawn.min() >= 0
    assert drawn.max() <= 400
    below = np.mean(drawn < preset.lead_median_ms)
    assert below == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(DRAWS))


def _changed(**more: float) -> Preset:
    return Preset(**{"name": "x", "shift_ms": 100, "median_ms": 500, "sigma": 0.3, **more})  # type: ignore[arg-type]


def test_first_turn_and_growth_are_added_to_the_same_draws() -> None:
    plain, slower = BASE, _changed(first_turn_ms=300, growth_ms_per_turn=20)
    one, other = (np.random.default_rng(5) for _ in range(2))
    added = [slower.draw_turn_ms(other, n) - plain.draw_turn_ms(one, n) for n in range(4)]
    assert added == pytest.approx([300, 20, 40, 60])


def test_outliers_come_in_their_share_and_range() -> None:
    """Share within 4 sigma: false alarm 6.4e-5 for a fresh seed."""
    preset, rng = _changed(outlier_probability=0.1), np.random.default_rng(6)
    drawn = np.array([preset.draw_turn_ms(rng, 1) for _ in range(DRAWS)])
    outliers = drawn[drawn >= 15_000]
    assert outliers.max() <= 60_000
    assert len(outliers) / DRAWS == pytest.approx(0.1, abs=4 * sqrt(0.09 / DRAWS))


@pytest.mark.parametrize(
    "wrong",
    [
        {"median_ms": 0},
        {"sigma": -1},
        {"no_reply_probability": 1.5},
        {"outlier_ms": (2.0, 1.0)},
        {"mixture": (Part(weight=1.2, shift_ms=0, median_ms=1, sigma=1),)},
    ],
)
def test_impossible_latencies_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        _changed(**wrong)
