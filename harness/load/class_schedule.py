"""The calls of a run with several user classes: each class has a schedule of its own.

Numbers of calls are unique in the run. The seed alone says which class a number belongs to and
what is said in it, whatever the number of workers.
"""

import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from harness.corpus import Corpus
from harness.engine.route import Route
from harness.errors import BadInput
from harness.load.constant_says import check_says
from harness.load.options import Options
from harness.load.run_setup import Schedule, make_schedule, resolve_dialect, route_to_target
from harness.load.scenario import (
    class_corpus,
    class_dialogue,
    class_hangs_up,
    class_network,
    class_reacts,
    class_script,
    class_session,
    class_tools,
)
from harness.model import CallPlan
from harness.plan import parse_mix
from harness.plan.class_shares import ClassShares

_FORESEEN_CALLS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassSchedule:
    """The calls of several user classes, drawn on demand.

    Attributes:
        options: What was asked for, for all of them.
        parts: Name of a class to its schedule.
        shares: Deals numbers to classes.
    """

    options: Options
    parts: Mapping[str, Schedule]
    shares: ClassShares

    def call(self, number: int) -> CallPlan:
        """Return call `number` of the run.

        Raises:
            BadInput: The corpus has no clip that fits a turn of the script.
        """
        name, index = self.shares.deal(number)
        return replace(self.parts[name].call(index), number=number)

    def class_of(self, number: int) -> str:
        """Return the name of the user class that holds call `number`."""
        return self.shares.deal(number)[0]


Calls = Schedule | ClassSchedule


def schedule_of(
    options: Options,
    users: Sequence[type],
    corpus: Corpus,
    *,
    network_given: bool,
    callers: int,
    of_class: Mapping[str, Options] = MappingProxyType({}),
) -> Calls:
    """Return the schedule of a run.

    Args:
        options: What was asked for; it takes precedence over what classes declare.
        users: The scenario's user classes.
        corpus: Speech; of one that is pooled each class has its own part.
        network_given: Whether the command line says through which networks all call.
        callers: How many callers the run has, all classes together.
        of_class: What was asked for of user classes by their names, where their targets differ.

    Raises:
        BadInput: A class asks for what cannot be had.
    """
    voices = [user for user in users if hasattr(user, "dialogue")]
    if len(voices) < 2:
        user = voices[0] if voices else None
        own = options if user is None else of_class.get(user.__name__, options)
        return _part(own, user, corpus)
    shares = ClassShares(class_weights(voices, callers), options.seed)
    parts = {}
    for user in voices:
        if user.__name__ in shares.names:
            own = of_class.get(user.__name__, options)
            own = replace(own, seed=_class_seed(options.seed, user.__name__))
            if not network_given:
                own = replace(own, mix=parse_mix(class_network(user)))
            parts[user.__name__] = _part(own, user, corpus)
    return ClassSchedule(options=options, parts=parts, shares=shares)


def routes_of(schedule: Calls) -> dict[str, Route]:
    """Return the direct route of each user class, with the session that it asks for.

    Raises:
        BadInput: As `route_to_target`.
    """
    return {
        name: route_to_target(part.options, resolve_dialect(part.options), part.tools)
        for name, part in schedule.parts.items()
    }


def foreseen_recordings(
    schedule: Calls, calls: int | None, classes: Collection[str]
) -> Iterator[str]:
    """Yield the recordings that the first calls of a schedule need, in order.

    Args:
        schedule: The calls.
        calls: How many there are, `None` when time decides.
        classes: The user classes whose recordings are wanted.
    """
    for number in range(_FORESEEN_CALLS if calls is None else min(calls, _FORESEEN_CALLS)):
        if schedule.class_of(number) in classes:
            yield from schedule.call(number).recording_ids
    for name, part in schedule.parts.items():
        if part.reacts and name in classes:
            # Its tasks decide later what is said.
            yield from (part.pooled_id(clip.id) for clip in part.clips)


def class_weights(users: Sequence[Any], callers: int) -> dict[str, Fraction]:
    """Return the share of callers that each class has, as Locust gives them.

    A class with a `fixed_count` has as many callers as that; the others share what is left.

    Args:
        users: User classes.
        callers: Callers in all.
    """
    fixed = {user.__name__: int(user.fixed_count or 0) for user in users}
    weights = {user.__name__: Fraction(user.weight) for user in users if not user.fixed_count}
    if len(weights) == len(users):
        return weights
    left = Fraction(max(0, callers - sum(fixed.values())))
    total = sum(weights.values()) or Fraction(1)
    found = {name: Fraction(count) for name, count in fixed.items()}
    return found | {name: left * weight / total for name, weight in weights.items()}


def _part(options: Options, user: type | None, corpus: Corpus) -> Schedule:
    if class_reacts(user):
        _refuse_unheard(options, user)
    script: Path | None = options.dialogue or class_script(user)
    own = corpus.parts.get(class_corpus(user), corpus)
    options = replace(options, session=options.session.over(class_session(user)))
    schedule = make_schedule(
        replace(options, dialogue=script), class_dialogue(user, options.turns), own
    )
    if user is not None and class_reacts(user):
        check_says(user, schedule.clips, schedule.pairing.utterances if schedule.pairing else ())
    name = "" if user is None else user.__name__
    return replace(
        schedule,
        user_class=name,
        reacts=class_reacts(user),
        class_tools=class_tools(user),
        hangs_up=class_hangs_up(user, options.after_no_answer),
        answers_tools=bool(options.session.over(options.target_session).fields.get("tools")),
        own_corpus=own.facts if corpus.parts else None,
    )


def _refuse_unheard(options: Options, user: Any) -> None:
    """Refuse what says what is said in the calls of a class whose own tasks say it.

    Raises:
        BadInput: There is such a thing.
    """
    for given, where in (
        (options.turns, "--turns"),
        (options.dialogue, "--dialogue"),
        (class_script(user), f"{user.__name__}.script"),
    ):
        if given is not None:
            raise BadInput(
                f"says nothing to {user.__name__}, whose own tasks lead its calls",
                where=where,
                hint="Leave it out, or name the user classes to run without this one",
            )


def _class_seed(seed: int, name: str) -> int:
    """Return a seed of a class's own: classes with the same dialogue draw different utterances."""
    (own,) = np.random.SeedSequence([seed, zlib.crc32(name.encode())]).generate_state(1)
    return int(own)
