from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any

from harness.dialects import SessionSettings, find_dialect
from harness.engine.call import Outcome
from harness.engine.route import resolve_route
from harness.load.vendor_accounts import VendorAccounts


class Engine:
    """An engine that is asked to run errands, and runs none."""

    def __init__(self) -> None:
        self.errands = 0

    def run(self, errand: Coroutine[Any, Any, Any]) -> list[Any]:
        errand.close()
        self.errands += 1
        return []


def test_every_call_that_was_created_is_asked_about_once() -> None:
    engine = Engine()
    route = resolve_route(
        "http://127.0.0.1:9", find_dialect("vapi"), SessionSettings(), frame_ms=20
    )
    accounts = VendorAccounts(engine, {"Caller": route})  # type: ignore[arg-type]
    assert accounts.collect(lambda: False) == []
    assert engine.errands == 0
    over: Any = SimpleNamespace(user_class="Caller")
    accounts.note(Outcome("call-0", [], over, vendor_calls=("a", "b")))
    accounts.note(Outcome("call-1", []))
    accounts.collect(lambda: False)
    assert engine.errands == 1
    accounts.collect(lambda: False)
    assert engine.errands == 1
