"""The vendor's account of a process's calls, asked for once none of them is open any more."""

from collections.abc import Callable, Mapping

from harness.engine.call import Outcome
from harness.engine.engine import AudioEngine
from harness.engine.route import Route
from harness.engine.vendor_accounts import collect
from harness.model import VendorAccount


class VendorAccounts:
    """The calls that the vendor can be asked about.

    Args:
        engine: Where requests are made.
        routes: Where the calls of each user class are created.
    """

    def __init__(self, engine: AudioEngine, routes: Mapping[str, Route]) -> None:
        self._engine, self._routes = engine, routes
        self._calls: dict[str, list[tuple[str, str]]] = {}

    def note(self, outcome: Outcome) -> None:
        """Keep the names of calls that are over."""
        if outcome.session is not None and outcome.vendor_calls:
            calls = self._calls.setdefault(outcome.session.user_class, [])
            calls += [(outcome.session_id, call) for call in outcome.vendor_calls]

    def collect(self, hurried: Callable[[], bool]) -> list[VendorAccount]:
        """Ask for the accounts of all calls that were noted; nothing is asked for twice.

        Args:
            hurried: Tells whether to leave out what has not been asked for.
        """
        noted, self._calls = self._calls, {}
        accounts: list[VendorAccount] = []
        for user_class, calls in noted.items():
            asked = collect(self._routes[user_class], calls, hurried=hurried)
            accounts += self._engine.run(asked)
        return accounts
