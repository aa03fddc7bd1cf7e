"""The detector's table against the detector."""

from collections import Counter

import numpy as np
import pytest

from harness.bench.onset_calibration import CONDITIONS, Bias, calibrate, through_alaw, through_mulaw
from harness.bench.onset_table import ONSET_TABLE
from harness.corpus import speech_like
from harness.corpus.encoding.g711 import encode_alaw, encode_mulaw

EVERY_INT16 = np.arange(-32768, 32768).astype(np.int16)
MEASURED = {row.condition: row for row in calibrate(speech_like)}


def test_the_table_has_every_condition_once() -> None:
    assert [row.condition for row in ONSET_TABLE] == [condition.name for condition in CONDITIONS]
    assert max(Counter(row.condition for row in ONSET_TABLE).values()) == 1


@pytest.mark.parametrize("row", ONSET_TABLE, ids=lambda row: row.condition)
def test_the_table_is_what_the_detector_gives(row: Bias) -> None:
    measured = MEASURED[row.condition]
    assert (measured.limit, measured.refused, measured.missed) == (
        row.limit,
        row.refused,
        row.missed,
    )
    # Sines differ in the last bit between platforms, and a sample with them.
    assert measured.bias_ms == pytest.approx(row.bias_ms, abs=0.1)
    assert measured.p95_abs_ms == pytest.approx(row.p95_abs_ms, abs=0.1)


def test_a_row_without_a_limit_can_be_relied_on_to_10_ms() -> None:
    for row in ONSET_TABLE:
        if not row.limit:
            assert row.p95_abs_ms is not None, row.condition
            assert row.p95_abs_ms < 10, row.condition
            assert (row.missed, row.refused <= 0.05) == (0.0, True), row.condition


def test_steady_noise_that_is_too_loud_is_refused() -> None:
    (row,) = (row for row in ONSET_TABLE if row.condition == "noise -35 dBFS")
    assert (row.bias_ms, row.refused) == (None, 1.0)


def test_the_laws_keep_the_codes_of_g711() -> None:
    assert (encode_mulaw(through_mulaw(EVERY_INT16)) == encode_mulaw(EVERY_INT16)).mean() > 0.999
    assert (encode_alaw(through_alaw(EVERY_INT16)) == encode_alaw(EVERY_INT16)).all()


def test_an_idle_line_decodes_to_next_to_nothing() -> None:
    idle = np.zeros(8, dtype=np.int16)
    assert not through_mulaw(idle).any()
    assert (through_alaw(idle) == 8).all()
