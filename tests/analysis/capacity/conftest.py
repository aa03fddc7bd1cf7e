"""Steps of a search, made up from a share of turns that miss an objective."""

from collections.abc import Callable

import numpy as np
import pytest

from harness.analysis.capacity.step import ObjectiveShare, StepResult

Build = Callable[..., StepResult]


def build_share(
    share: float, *, value_ms: float | None = None, allowed: float = 0.05, turns: int = 400
) -> ObjectiveShare:
    """Return an objective missed by this share of turns, spread evenly over sessions of ten."""
    missed = np.zeros(turns, dtype=np.bool_)
    count = round(share * turns)
    missed[(np.arange(count) * 7) % turns] = True
    return ObjectiveShare(
        subject="voice_to_voice P95 at most 1500 ms",
        allowed=allowed,
        missed=missed,
        sessions=np.arange(turns) // 10,
        blocks=np.arange(turns) % 6,
        value_ms=value_ms,
    )


@pytest.fixture
def build() -> Build:
    def make(load: int, share: float, *, unfit: str = "", seconds: float = 60.0, cost: float = 0.1,
             **more: float) -> StepResult:  # fmt: skip
        shares = () if unfit else (build_share(share, **more),)  # type: ignore[arg-type]
        return StepResult(
            load=load, run=f"run at {load}", seconds=seconds, shares=shares, unfit=unfit, cost=cost
        )

    return make
