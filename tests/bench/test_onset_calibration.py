"""The onset detector against what it gave when its limits were last reviewed.

`onset_table.json` holds found minus true, in milliseconds, late is positive, over 40 responses a
condition. Generated speech sits on a pulse at its first sample; real speech, which swells, reads
as the fade-ins do. A change of the detector that moves a row has to be seen here.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.bench.findings import DetectorFinding
from harness.bench.onset_calibration import CONDITIONS, calibrate, through_alaw, through_mulaw
from harness.corpus import speech_like
from harness.model.g711 import encode_alaw, encode_mulaw

EVERY_INT16 = np.arange(-32768, 32768).astype(np.int16)
TABLE = json.loads((Path(__file__).parent / "onset_table.json").read_text(encoding="utf-8"))
Measured = dict[str, DetectorFinding]


@pytest.fixture(scope="module")
def measured() -> Measured:
    return {row.condition: row for row in calibrate(speech_like)}


def test_the_table_has_every_condition_once(measured: Measured) -> None:
    assert [row["condition"] for row in TABLE] == [condition.name for condition in CONDITIONS]
    assert len(measured) == len(TABLE)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["condition"])
def test_the_detector_gives_what_the_table_says(row: dict[str, Any], measured: Measured) -> None:
    found = measured[row["condition"]]
    assert (found.refused, found.missed) == (row["refused"], row["missed"])
    # Sines differ in the last bit between platforms, and a sample with them.
    assert found.bias_ms == pytest.approx(row["bias_ms"], abs=0.1)
    assert found.p95_abs_ms == pytest.approx(row["p95_abs_ms"], abs=0.1)


def test_a_row_without_a_limit_can_be_relied_on_to_10_ms(measured: Measured) -> None:
    for row in measured.values():
        if not row.limit:
            assert row.p95_abs_ms is not None, row.condition
            assert row.p95_abs_ms < 10, row.condition
            assert (row.missed, row.refused <= 0.05) == (0.0, True), row.condition


def test_steady_noise_that_is_too_loud_is_refused(measured: Measured) -> None:
    row = measured["noise -35 dBFS"]
    assert (row.bias_ms, row.refused) == (None, 1.0)


def test_the_laws_keep_the_codes_of_g711() -> None:
    assert (encode_mulaw(through_mulaw(EVERY_INT16)) == encode_mulaw(EVERY_INT16)).mean() > 0.999
    assert (encode_alaw(through_alaw(EVERY_INT16)) == encode_alaw(EVERY_INT16)).all()


def test_an_idle_line_decodes_to_next_to_nothing() -> None:
    idle = np.zeros(8, dtype=np.int16)
    assert not through_mulaw(idle).any()
    assert (through_alaw(idle) == 8).all()
