from typing import Any

from harness.bench.stall_updates import StallUpdateFinding
from harness.model import UpdateStats


def finding(done: int) -> StallUpdateFinding:
    account: dict[str, Any] = dict.fromkeys(UpdateStats.__dataclass_fields__, 0)
    return StallUpdateFinding(
        callers=10,
        talking=4,
        frames=1000,
        seconds=5.0,
        account=UpdateStats(**{**account, "done": done}),
        controller_cores=0.02,
        loop_cores=0.1,
    )


def test_the_cost_of_an_update_is_that_of_the_controller_by_their_number() -> None:
    assert finding(1000).update_us == 100.0


def test_without_an_update_its_cost_is_not_known() -> None:
    assert finding(0).update_us is None
