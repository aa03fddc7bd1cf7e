"""Which model a run is priced by, and whether it is the one that was asked for."""

from collections.abc import Iterable
from dataclasses import replace

from harness.analysis.prices import PriceList, family
from harness.errors import sanitised
from harness.model import ClassTarget, Run, SessionRecord

# A platform bills every session by its own price, whatever model answers: its row of the list.
_PLATFORMS = {"vapi": "vapi", "deepgram": "deepgram-agent", "elevenlabs": "elevenlabs-agents"}
# Where a model does not cost what it costs at its maker, and is in the list under such a name.
_PREFIXES = {"voice-live": "voice-live-"}


class PricedModels:
    """Which model's prices hold for which session: the one the server named, else the asked.

    A name that the list does not know, beside an asked one that it does, is taken for another
    name of the asked one, and that is said. On a platform with a price of its own, that holds.
    """

    def __init__(self, run: Run, prices: PriceList) -> None:
        self._run, self._prices = run, prices
        self._class_of = {turn.session_id: turn.user_class for turn in run.turns}
        self._class_of |= {session.session_id: session.user_class for session in run.sessions}
        self._of = {s.session_id: self._priced(s.model, s.user_class) for s in _told(run)}
        # A session that has not ended has no record; it had the model that all others of its
        # target had.
        named = {called: {s.model for s in sessions} for called, sessions in _by_target(run)}
        self._default = {
            user_class: self._only(named.get(_called(run, user_class), set()), user_class)
            for user_class in set(self._class_of.values())
        }
        used = {self.of_session(turn.session_id) for turn in run.turns}
        self.priced = ", ".join(sorted(used or set(self._of.values()) or {run.manifest.model}))
        difference = model_difference(run)
        self.difference = difference and f"{difference}: priced as {sanitised(self.priced)}"

    def of_session(self, session_id: str) -> str:
        """Return the model whose prices hold for a session."""
        found = self._of.get(session_id)
        return self._default[self._class_of[session_id]] if found is None else found

    def _only(self, named: set[str], user_class: str) -> str:
        if len(named) != 1:
            return self._listed("", user_class)
        return self._priced(next(iter(named)), user_class)

    def _priced(self, named: str, user_class: str) -> str:
        asked, of_model = self._listed("", user_class), self._prices.of_model
        named = self._listed(named, user_class)
        return asked if of_model(named) is None and of_model(asked) is not None else named

    def _listed(self, named: str, user_class: str) -> str:
        """Return the name in the list of a model, or of the one that was asked for."""
        target = self._run.manifest.target_of(user_class)
        return listed_name(target.dialect, named or target.model)


def listed_name(dialect: str, model: str) -> str:
    """Return the name under which the list has what a session in a dialect costs.

    Args:
        dialect: The dialect of the session.
        model: The model, empty where nobody named one.
    """
    if dialect in _PLATFORMS:
        return _PLATFORMS[dialect]
    return f"{_PREFIXES.get(dialect, '')}{model}" if model else ""


def model_difference(run: Run, *, chosen: bool = False) -> str:
    """Say that a server named another model than was asked for; empty when none did.

    A dated snapshot is the model that it is one of. Where nothing was asked for, nothing differs.

    Args:
        run: The records.
        chosen: Say nothing of models that nobody chose.
    """
    found = []
    for called, sessions in _by_target(run):
        asked, named = called.model, sorted({session.model for session in sessions})
        others = [sanitised(name) for name in named if family(name) != family(asked)]
        if others and asked and not (chosen and called.model_by_default):
            found.append(
                f"asked for model {sanitised(asked)}, the server named {', '.join(others)}"
            )
    return "; ".join(found)


def _by_target(run: Run) -> Iterable[tuple[ClassTarget, list[SessionRecord]]]:
    """Return the sessions whose model was named, by what they called."""
    of_class: dict[str, list[SessionRecord]] = {}
    for session in _told(run):
        of_class.setdefault(session.user_class, []).append(session)
    found: dict[ClassTarget, list[SessionRecord]] = {}
    for user_class, sessions in of_class.items():
        found.setdefault(_called(run, user_class), []).extend(sessions)
    return found.items()


def _told(run: Run) -> list[SessionRecord]:
    return [session for session in run.sessions if session.model]


def _called(run: Run, user_class: str) -> ClassTarget:
    """Return the target of a class, equal for all classes that call it."""
    return replace(run.manifest.target_of(user_class), user_class="")


def models_named(run: Run) -> tuple[str, ...]:
    """Return the models that the server named, each once."""
    return tuple(sorted({session.model for session in run.sessions if session.model}))
