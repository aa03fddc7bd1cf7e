"""Which model a run is priced by, and whether it is the one that was asked for."""

from harness.analysis.prices import PriceList, family
from harness.errors import sanitised
from harness.model import Run


class PricedModels:
    """Which model's prices hold for which session: the one the server named, else the asked.

    A name that the list does not know, beside an asked one that it does, is taken for another
    name of the asked one, and that is said.
    """

    def __init__(self, run: Run, prices: PriceList) -> None:
        self._asked = run.manifest.model
        self._named = {s.session_id: s.model for s in run.sessions if s.model}
        named = sorted(set(self._named.values()))
        # A session that has not ended has no record; it had the model that all others had.
        self._default = self._priced(named[0], prices) if len(named) == 1 else self._asked
        self._of = {id_: self._priced(model, prices) for id_, model in self._named.items()}
        used = {self.of_session(turn.session_id) for turn in run.turns}
        self.priced = ", ".join(sorted(used or {self._default}))
        difference = model_difference(run)
        self.difference = difference and f"{difference}: priced as {sanitised(self.priced)}"

    def of_session(self, session_id: str) -> str:
        """Return the model whose prices hold for a session."""
        return self._of.get(session_id, self._default)

    def _priced(self, named: str, prices: PriceList) -> str:
        unknown = prices.of_model(named) is None and prices.of_model(self._asked) is not None
        return self._asked if unknown else named


def model_difference(run: Run) -> str:
    """Say that the server named another model than was asked for; empty when it did not.

    A dated snapshot is the model that it is one of. Where nothing was asked for, nothing differs.
    """
    asked = run.manifest.model
    others = [sanitised(name) for name in models_named(run) if family(name) != family(asked)]
    if not others or not asked:
        return ""
    return f"asked for model {sanitised(asked)}, the server named {', '.join(others)}"


def models_named(run: Run) -> tuple[str, ...]:
    """Return the models that the server named, each once."""
    return tuple(sorted({session.model for session in run.sessions if session.model}))
