from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.analysis.comparison.likeness import KEYS, facts, host_class, refuse_unlike
from harness.errors import BadInput
from harness.model import Direction, NetworkProfile, Run

MakeRun = Callable[..., Run]


def test_like_runs_are_let_through_without_a_word(simulate: MakeRun) -> None:
    assert refuse_unlike([simulate("a"), simulate("b", seed=1)]) == ()


@pytest.mark.parametrize(
    ("key", "manifest"),
    [
        ("scenario", {"scenario": "other"}),
        ("scenario", {"scenario_digest": "0123456789abcdef"}),
        ("model", {"model": "other"}),
        ("dialect", {"dialect": "other"}),
        ("host", {"host": {"system": "Darwin 24", "machine": "arm64", "cores": "8"}}),
        ("turn_limit", {"turn_limit_ms": 5_000.0}),
        ("frame_ms", {"frame_ms": 100}),
        ("network", {"networks": (NetworkProfile(name="lte"),)}),
        ("settings", {"settings": {"think_ms": "0 to 1", "speech_memory": "8 MB"}}),
    ],
)
def test_a_difference_is_refused_with_both_values_and_can_be_allowed(
    simulate: MakeRun, key: str, manifest: dict[str, object]
) -> None:
    runs = [simulate("a"), simulate("b", seed=1, **manifest)]
    with pytest.raises(BadInput, match=f"differ in {key}: .* in a, .* in b") as refused:
        refuse_unlike(runs)
    assert f"--allow-different {key}" in str(refused.value)
    (note,) = refuse_unlike(runs, [key])
    assert note.startswith(f"{key} differs")


def test_the_same_name_with_another_content_is_another_thing(simulate: MakeRun) -> None:
    one = simulate("a")
    corpus = replace(one.manifest.corpus, digest="1" * 64)
    with pytest.raises(BadInput, match=r"corpus: made up .0{12}. in a"):
        refuse_unlike([one, simulate("b", corpus=corpus)])
    slow = NetworkProfile(name="lte", up=Direction(delay_ms=50.0))
    with pytest.raises(BadInput, match="differ in network"):
        refuse_unlike(
            [simulate("a", networks=(NetworkProfile(name="lte"),)), simulate("b", networks=(slow,))]
        )


def test_what_a_machine_has_left_over_is_no_difference(simulate: MakeRun) -> None:
    host = {"system": "Linux 6.1.0", "machine": "x86_64", "cores": "2"}
    newer = host | {"system": "Linux 6.2.9-gke"}
    runs = [
        simulate("a", host=host, settings={"speech_memory": "1 MB"}),
        simulate("b", host=newer, settings={"speech_memory": "2 MB"}),
    ]
    assert refuse_unlike(runs) == ()
    assert host_class(host) == "Linux x86_64 2 cores"
    assert host_class({}) == "unknown"


def test_twice_as_many_calls_at_once_are_another_load(simulate: MakeRun) -> None:
    with pytest.raises(BadInput, match="concurrency: 20 calls in a, 60 calls in b"):
        refuse_unlike([simulate("a"), simulate("b", sessions=60)])
    assert refuse_unlike([simulate("a"), simulate("b", sessions=25)]) == ()


def test_a_run_against_itself_is_refused(simulate: MakeRun) -> None:
    run = simulate("a")
    with pytest.raises(BadInput, match="a: is given twice"):
        refuse_unlike([run, run])


def test_an_unknown_key_is_refused(simulate: MakeRun) -> None:
    with pytest.raises(BadInput, match="does not know 'hosst'"):
        refuse_unlike([simulate("a")], ["hosst"])
    assert {fact.key for fact in facts(simulate("a"))} | {"concurrency"} == set(KEYS)
