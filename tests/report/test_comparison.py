from collections.abc import Callable
from dataclasses import replace

from harness.analysis import gate_against
from harness.load.price_list import bundled_prices
from harness.model import Run, TurnRecord
from harness.report.blocks import Facts, Figure, Table
from harness.report.comparison import section

MakeRun = Callable[..., Run]


def _slower(turn: TurnRecord, ms: int) -> TurnRecord:
    at = turn.at
    late = {
        name: getattr(at, name) + ms * 1_000_000
        for name in ("first_audio_ns", "first_audible_ns", "last_audio_ns", "playout_end_ns")
    }
    return replace(turn, at=replace(at, **late))


def test_change_has_bounds_and_what_could_have_been_found(make_run: MakeRun) -> None:
    baseline = [make_run(seed=seed) for seed in (1, 2)]
    baseline = [
        replace(run, manifest=replace(run.manifest, run_id=f"<b>{n}"))
        for n, run in enumerate(baseline)
    ]
    runs = [make_run(seed=seed) for seed in (3, 4)]
    runs = [
        replace(
            run,
            turns=tuple(_slower(turn, 200) for turn in run.turns),
            manifest=replace(run.manifest, run_id=f"new{n}"),
        )
        for n, run in enumerate(runs)
    ]
    (found,) = section(gate_against(runs, baseline, None, bundled_prices()))
    table, figure, facts = found.parts
    assert isinstance(table, Table)
    assert isinstance(figure, Figure)
    assert isinstance(facts, Facts)
    change = table.rows[0][3]
    assert isinstance(change, tuple)
    assert change[0].startswith("+")
    assert "%" in change[1]
    assert "P50" in figure.wide
    assert dict(facts.pairs)["Baseline"] == "<b>0, <b>1"


def test_without_a_baseline_there_is_no_section() -> None:
    assert section(None) == []
