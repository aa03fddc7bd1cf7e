"""The model beside real TCP over real losses, made anew.

Its name keeps it out of the usual tests; `pytest tests/kernel/check_model.py` runs it.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from harness.bench.tcp_validation import Case, extra_delay_ms

FLOWS, SECONDS = 40, 20.0

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize(("rtt_ms", "loss"), [(40, 0.02), (80, 0.01)])
def test_the_model_does_what_this_machines_kernel_does(
    reference: Callable[[float, float, int, float], npt.NDArray[np.float64]],
    rtt_ms: float,
    loss: float,
) -> None:
    real = reference(rtt_ms, loss, FLOWS, SECONDS)
    case = Case(rtt_ms=rtt_ms, loss_percent=100 * loss, late_percent=1.0, mean_ms=1.0)
    flows = [
        extra_delay_ms(case, np.random.default_rng([1, flow]), SECONDS) for flow in range(FLOWS)
    ]
    model = np.concatenate(flows)
    assert (model > 50).mean() == pytest.approx((real > 50).mean(), rel=0.3)
    assert model.mean() == pytest.approx(real.mean(), rel=0.3)
    held = [np.percentile(kind[kind > 8], (50, 90)) for kind in (real, model)]
    assert held[1] == pytest.approx(held[0], rel=0.3, abs=6)
