from types import SimpleNamespace

import pytest

from harness.errors import BadInput
from harness.load.shapes import StagedShape


class Hill(StagedShape):
    stages = ((10, 20), (10, 0))


def shape(monkeypatch: pytest.MonkeyPatch, at_s: float, **options: object) -> Hill:
    made = Hill()  # type: ignore[no-untyped-call]
    made.runner = SimpleNamespace(  # type: ignore[assignment]
        environment=SimpleNamespace(parsed_options=SimpleNamespace(**options))
    )
    monkeypatch.setattr(made, "get_run_time", lambda: at_s)
    return made


def test_a_shape_goes_through_its_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shape(monkeypatch, 5).tick() == (10, 2)
    assert shape(monkeypatch, 15).tick() == (10, 2)
    assert shape(monkeypatch, 20).tick() is None


def test_users_and_run_time_are_its_peak_and_length(monkeypatch: pytest.MonkeyPatch) -> None:
    made = shape(monkeypatch, 1, num_users=4, run_time=4)
    assert made.tick() == (2, 2)
    assert made.peak == 4
    assert shape(monkeypatch, 4, num_users=4, run_time=4).tick() is None


def test_there_is_a_caller_from_the_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shape(monkeypatch, 0).tick() == (1, 2)


def test_locust_finds_shapes_of_a_scenario_and_not_their_base() -> None:
    assert StagedShape.abstract
    assert not Hill.abstract


def test_impossible_stages_are_refused_where_they_are_written() -> None:
    with pytest.raises(BadInput, match=r"Flat\.stages: has no stages"):
        type("Flat", (StagedShape,), {})
