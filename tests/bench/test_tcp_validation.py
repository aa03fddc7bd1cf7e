import pytest

from harness.bench.tcp_validation import Case, Compared, cases, compare


@pytest.mark.parametrize(
    "case", [case for case in cases() if case.bar and case.rtt_ms > 20], ids=str
)
def test_the_model_agrees_with_the_kernel_also_at_reduced_size(case: Case) -> None:
    """Within a fifth at full size; the rest allows for a tenth of the connections."""
    (found,) = compare([case], flows=12, seconds=30)
    assert found.mean_off == pytest.approx(0, abs=0.45)
    assert found.late_off == pytest.approx(0, abs=0.45)


def test_the_model_tells_bursts_from_independent_loss() -> None:
    rows = {str(row): row for row in cases()}
    alone, burst = rows["RTT 40 ms, 2 %"], rows["RTT 40 ms, 2 %, bad for 60 ms at a time"]
    found = {row.case: row for row in compare([alone, burst], flows=12, seconds=30)}
    assert found[burst].mean_ms > 1.5 * found[alone].mean_ms


def test_the_bar_is_a_fifth_of_both() -> None:
    case = Case(rtt_ms=20, loss_percent=1, late_percent=1.0, mean_ms=10.0)
    assert Compared(case=case, late_percent=1.19, mean_ms=8.1).good
    assert not Compared(case=case, late_percent=1.21, mean_ms=10.0).good
    assert not Compared(case=case, late_percent=1.0, mean_ms=12.5).good


def test_the_cases_with_a_bar_are_those_that_were_promised() -> None:
    barred = {(case.rtt_ms, case.loss_percent) for case in cases() if case.bar}
    assert barred == {(rtt, loss) for rtt in (20, 40, 80) for loss in (1, 2)}
