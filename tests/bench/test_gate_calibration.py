"""Few trials, so that only gross errors show; `harness selfcheck gate` has a thousand of each."""

from harness.bench import gate_calibration
from harness.bench.gate_calibration import Promise


def test_intervals_hold_the_truth() -> None:
    found = list(gate_calibration._coverage(100, 20, 0.3, 40))
    assert [one.what.split()[4] for one in found] == ["P50", "P95", "P99"]
    assert all(one.share > 0.8 for one in found)


def test_an_unchanged_target_rarely_fails() -> None:
    found = {one.what: one.share for one in gate_calibration._alarms(0.3, 0.03, 60)}
    assert len(found) == 5
    assert all(share < 0.2 for share in found.values())


def test_a_change_is_found_with_the_runs_that_were_planned() -> None:
    strict, tolerant = gate_calibration._detection(0.3, 0.03, 25)
    assert min(strict.share, tolerant.share) > 0.5
    assert int(strict.note.split()[0]) < int(tolerant.note.split()[0])


def test_a_promise_is_kept_within_its_bounds() -> None:
    def promise(share: float) -> Promise:
        return Promise(what="x", setting="y", share=share, low=0.93, high=0.97, trials=100)

    assert promise(0.95).kept
    assert not promise(0.92).kept
    assert not promise(0.99).kept
    assert not promise(0.92).broken
    assert promise(0.85).broken
    assert not promise(0.98).broken
    assert promise(1.0).broken
    assert 0.02 < promise(0.95).error < 0.03
