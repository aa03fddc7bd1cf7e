"""What all processes of a run must have alike, and the refusal of a worker that has another.

A worker reads the scenario, the speech and every file beside them from its own disk. With others
than the master's its calls would be those of another run.
"""

import hashlib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from harness.corpus import Corpus
from harness.errors import BadInput, sanitised
from harness.load.class_schedule import Calls, routes_of
from harness.load.open_load import arrivals_of
from harness.load.run_setup import resolve_profiles
from harness.plan import schedule_hash

# Enough calls to tell two schedules apart.
_HASHED_CALLS = 50
_SHOWN = 12
Parts = Mapping[str, str]


def program_and_scenario(scenario: Path) -> dict[str, str]:
    """Return the version of harness and a digest of the scenario's file."""
    return {"harness": version("harness"), "scenario": _digest(scenario.read_bytes())}


def speech_and_schedule(schedule: Calls, corpus: Corpus) -> dict[str, str]:
    """Return digests of the speech, the sessions asked for, the networks, and the first calls."""
    options, arrivals = schedule.options, arrivals_of(schedule.options)
    numbers = range(min(options.calls or _HASHED_CALLS, _HASHED_CALLS))
    starts_ns = [] if arrivals is None else [arrivals.start_ns(number) or 0 for number in numbers]
    mocks = {
        name: () if part.script is None else part.script.mocks
        for name, part in schedule.parts.items()
    }
    sessions = [
        (name, route.address, route.dialect.name, route.settings, mocks[name])
        for name, route in sorted(routes_of(schedule).items())
    ]
    return {
        "corpus": corpus.facts.digest[:_SHOWN],
        "session": _digest(repr(sessions).encode()),
        "networks": _digest(repr(resolve_profiles(options)).encode()),
        "schedule": schedule_hash([schedule.call(n) for n in numbers], starts_ns)[:_SHOWN],
    }


def refuse_others(own: Parts, masters: Parts, worker: str) -> None:
    """Refuse a worker that has something else than its master.

    Args:
        own: What this worker has, by name.
        masters: What the master has.
        worker: The worker's name.

    Raises:
        BadInput: One is different; the line names both.
    """
    for name, value in own.items():
        wanted = masters.get(name)
        if wanted != value:
            raise BadInput(
                f"has {name} {value}, and the master {sanitised(wanted or 'an older harness')}",
                where=f"worker {sanitised(worker)}",
                hint="Give every worker the files and the version that the master has",
            )


def _digest(held: bytes) -> str:
    return hashlib.sha256(held).hexdigest()[:_SHOWN]
