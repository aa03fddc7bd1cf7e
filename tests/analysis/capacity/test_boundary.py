from collections.abc import Callable

from harness.analysis.capacity.boundary import BoundaryKind, beyond, bracket, name_boundary
from harness.analysis.capacity.step import StepResult

Build = Callable[..., StepResult]


def test_level_behind_a_jump_is_a_cliff(build: Build) -> None:
    steps = [build(12, 0.01, value_ms=1_200), build(13, 1.0, value_ms=2_700)]
    found = name_boundary([*steps, build(20, 1.0, value_ms=2_750)])
    assert found.kind is BoundaryKind.CLIFF
    assert "1200 to 2700 ms" in found.why


def test_as_steep_behind_as_before_is_a_knee(build: Build) -> None:
    steps = [build(12, 0.01, value_ms=1_200), build(13, 0.3, value_ms=1_400)]
    found = name_boundary([*steps, build(20, 1.0, value_ms=2_600)])
    assert found.kind is BoundaryKind.KNEE


def test_a_jump_of_chance_is_no_cliff(build: Build) -> None:
    steps = [build(12, 0.04, value_ms=1_400), build(13, 0.06, value_ms=1_600)]
    found = name_boundary([*steps, build(20, 0.07, value_ms=1_605)])
    assert found.kind is BoundaryKind.KNEE


def test_shares_serve_where_no_latency_is_limited(build: Build) -> None:
    steps = [build(12, 0.0), build(13, 0.9), build(20, 0.95)]
    assert name_boundary(steps).kind is BoundaryKind.CLIFF


def test_what_was_not_measured_is_not_named(build: Build) -> None:
    wide = [build(10, 0.01), build(20, 1.0), build(40, 1.0)]
    assert name_boundary(wide).kind is BoundaryKind.UNKNOWN
    assert "between 10 and 20" in name_boundary(wide).why
    near = [build(12, 0.01), build(13, 1.0)]
    assert "beyond 13" in name_boundary(near).why
    assert name_boundary([build(12, 0.01)]).kind is BoundaryKind.UNKNOWN


def test_loads_beside_the_limit(build: Build) -> None:
    steps = [build(8, 0.0), build(10, 0.02), build(12, 0.2), build(16, 0.9)]
    assert bracket(steps) == (10, 12)
    assert beyond(steps) == 16
    assert beyond(steps[:3]) is None
    assert bracket(steps[:2]) is None
    assert bracket(steps[2:]) is None
