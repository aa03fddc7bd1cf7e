import pytest

from harness.model.cost_summary import CostDetail, CostRate


def test_a_rate_is_found_by_its_name() -> None:
    rate = CostRate(per="minute", value=1.0)
    detail = CostDetail(
        total=1.0, items=(), rates=(rate,), shares=(), by_turn=(), growth=rate, elsewhere=()
    )
    assert detail.rate("minute") is rate
    with pytest.raises(StopIteration):
        detail.rate("hour")
