"""Whether behaviour is measured as it truly was: runs under Locust against the simulator.

How exactly interruptions, tools and endpoints are timed at many callers; whether planted faults are
recognised for what they are; whether calls are dealt alike whatever the number of processes.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness.bench import machine
from harness.bench.behaviour_truth import (
    STOP_BAR_MS,
    TURNS,
    WEIGHTS,
    DealingFinding,
    ErrorFinding,
    FaultFinding,
    Truth,
    dealing,
    endpoint_error,
    fault_finding,
    is_deaf,
    is_double,
    is_premature,
    stop_error,
    tool_gap_error,
    was_silenced_in_time,
)
from harness.bench.locust_run import SCENARIO
from harness.bench.simulated_run import hold
from harness.clock import wall_time
from harness.model import Progress, Run, TurnRecord

SCHEMA = "harness.bench.behaviour/1"
CALLERS = 50
_FAULT_CALLERS = 8
_DEALT_CALLS, _DEALT_CALLERS = 40, 8
_PROCESSES = (1, 2, 4)

# The first utterance is long enough for an answer in the middle of it, and for an interruption.
_LATENCY = "[latency]\nshift_ms = 300.0\nmedian_ms = 80.0\nsigma = 0.2\n"
_THINK = "think = { low_ms = 100, high_ms = 300 }\n"
_SAY = "[[turn]]\n"
_INTERRUPTED = "[[turn]]\nbarge_in = { low_ms = 300, high_ms = 600 }\n"
_TOOL = '[[turn]]\nexpect_tool = "look_up"\ntool_takes = { low_ms = 100, high_ms = 300 }\n'
_ROUNDS = 3
_TIMED = _THINK + _ROUNDS * (_INTERRUPTED + _SAY + _TOOL)
_TIMED_TOOLS = f"[tools]\nturns = {[3 * at + 2 for at in range(_ROUNDS)]}\n"

# Each fault with the dialogue that it is planted in, always in the first turn.
_FAULTS = {
    "premature": 2 * _SAY,
    "deaf": _INTERRUPTED + _SAY,
    "double": 2 * _SAY,
    "late_deltas": _INTERRUPTED + _SAY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviourFindings:
    """Everything that was found, on one machine.

    Attributes:
        callers: How many called at once while instants were compared.
        load_average: Of the machine, in the minute before.
        busy_percent: Share of all cores' time in use meanwhile, by whatever program.
    """

    made_at: str
    callers: int
    errors: tuple[ErrorFinding, ...]
    faults: tuple[FaultFinding, ...]
    dealings: tuple[DealingFinding, ...]
    machine: dict[str, str] = field(default_factory=dict)
    load_average: float | None = None
    busy_percent: float | None = None
    schema: str = SCHEMA

    @property
    def shares_hold(self) -> bool:
        """Whether calls were dealt in the shares of the weights, with dialogues of their own."""
        whole = sum(WEIGHTS.values())
        shares = {name: _DEALT_CALLS * weight // whole for name, weight in WEIGHTS.items()}
        turns = {name: (count,) for name, count in TURNS.items()}
        return all(it.calls == shares and it.turns_a_call == turns for it in self.dealings)

    @property
    def schedules_hold(self) -> bool:
        """Whether the same was planned, and said, by every number of processes."""
        return len({(it.schedule_hash, it.said_hash) for it in self.dealings}) == 1

    @property
    def verdicts(self) -> tuple[bool | None, ...]:
        """Whether each bar holds; `None` where too little was measured."""
        errors, faults = (it.holds for it in self.errors), (it.holds for it in self.faults)
        return (*errors, *faults, self.shares_hold, self.schedules_hold)

    def as_json(self) -> dict[str, Any]:
        """Return the findings as plain values."""
        return asdict(self)


def measure_behaviour(progress: Progress, callers: int = CALLERS) -> BehaviourFindings:
    """Make all runs; six minutes.

    Args:
        progress: Receives the progress.
        callers: How many call at once while instants are compared.
    """
    load, before = machine.load_average(), machine.CpuTimes.now()
    progress.step(f"interruptions, tools and endpoints of {callers} callers")
    errors = compare_instants(callers)
    faults = []
    for name in _FAULTS:
        progress.step(f"the planted fault {name}")
        faults.append(plant(name, _FAULT_CALLERS))
    dealings = []
    for processes in _PROCESSES:
        progress.step(f"two user classes on {processes} processes")
        dealings.append(deal(processes))
    return BehaviourFindings(
        made_at=wall_time().isoformat(timespec="seconds"),
        callers=callers,
        errors=errors,
        faults=tuple(faults),
        dealings=tuple(dealings),
        machine=machine.facts(),
        load_average=load,
        busy_percent=machine.busy_percent(before, machine.CpuTimes.now()),
    )


def compare_instants(callers: int) -> tuple[ErrorFinding, ...]:
    """Hold one call of each caller, and compare its instants with the simulator's."""
    run, truth = _hold(_LATENCY + _TIMED_TOOLS, callers, dialogue=_TIMED)
    return stop_error(run, truth), tool_gap_error(run, truth), endpoint_error(run, truth)


def plant(name: str, callers: int) -> FaultFinding:
    """Hold one call of each caller, with a fault in its first turn and none later."""
    rules = f"{_LATENCY}[faults]\n{name} = {{ turn = 0 }}\n"
    if name == "late_deltas":
        # Audio that leaves as it is played has not all left when the caller interrupts.
        rules = f"[server]\nspeed = 1.0\n{rules}"
    run, truth = _hold(rules, callers, dialogue=_THINK + _FAULTS[name])
    sign, says_so = _signs(run, truth)[name]
    return fault_finding(name, sign, run, truth, says_so, alone=name != "late_deltas")


def _signs(run: Run, truth: Truth) -> dict[str, tuple[str, Callable[[TurnRecord], bool]]]:
    return {
        "premature": ("the turn's status is premature", is_premature),
        "deaf": ("the interruption's outcome is deaf", is_deaf),
        "double": ("the turn has more responses than one and one a tool", is_double),
        "late_deltas": (
            f"the response ends within {STOP_BAR_MS:g} ms of the truth all the same",
            lambda turn: was_silenced_in_time(turn, run, truth),
        ),
    }


def deal(processes: int) -> DealingFinding:
    """Hold calls of two classes with so many processes."""
    options: tuple[str, ...] = ("--calls", f"{_DEALT_CALLS}")
    if processes > 1:
        options += ("--processes", f"{processes}")
    scenario = Path(__file__).with_name("two_classes.py")
    run, _ = _hold(_LATENCY, _DEALT_CALLERS, options=options, scenario=scenario)
    return dealing(run, processes)


def _hold(
    rules: str,
    callers: int,
    *,
    dialogue: str = "",
    options: tuple[str, ...] = (),
    scenario: Path = SCENARIO,
) -> tuple[Run, Truth]:
    """Hold a run, by default of a call a caller, against a server that soon decides."""
    words = ("--silence-ms", "200", "--turn-limit-s", "3", *(options or ("--calls", f"{callers}")))
    run, truth = hold(rules, callers, dialogue=dialogue, options=words, scenario=scenario)
    return run, Truth(truth)
