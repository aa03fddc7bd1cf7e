import pytest

from harness.analysis.objectives.verdict import GateVerdict, overall

PASS, FAIL, INCONCLUSIVE = GateVerdict.PASS, GateVerdict.FAIL, GateVerdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([PASS, PASS], PASS),
        ([PASS, INCONCLUSIVE], INCONCLUSIVE),
        ([INCONCLUSIVE, FAIL, PASS], FAIL),
        ([], INCONCLUSIVE),
    ],
)
def test_the_worst_verdict_is_that_of_all(
    verdicts: list[GateVerdict], expected: GateVerdict
) -> None:
    assert overall(verdicts) is expected
