"""Does the gate find a change that was really made? Whole runs against simulators, then judged.

One simulator is the baseline; the others are slower by what was injected, or only have other
chance. Their runs take turns, so that what drifts on the machine meanwhile is shared, and the
baseline's runs serve every comparison. What judges is the code of `harness gate`.
"""

import math
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.analysis import (
    Comparison,
    GateReport,
    GateVerdict,
    gate_against,
    held_to_limit,
    parse_objectives,
)
from harness.bench.child_process import Child
from harness.bench.workload import short_corpus
from harness.corpus.manifest import write_manifest
from harness.environment import for_child
from harness.errors import ExitCode, RunInvalid
from harness.load.price_list import bundled_prices
from harness.model import Progress, Run
from harness.recording import read_run

_SCENARIO = Path(__file__).with_name("steady_callers.py")
_RUNS = "*/manifest.json"
_PAIRS, _CALLERS, _TURNS = 5, 160, 2
# So many new callers a second: all of them talk within two.
_SPAWN_RATE = 100
_RETRIES = 2
_RUN_LIMIT_S = 300.0
_SEED = 20_261_129
_LATENCY = {"shift_ms": 400.0, "median_ms": 200.0, "sigma": 0.2}
_P50 = {"metric": "voice_to_voice", "percentile": 50, "tolerance_ms": 10}
_P95 = {"metric": "voice_to_voice", "percentile": 95, "tolerance": 0.05}
_WITHIN = {"metric": "voice_to_voice", "within_ms": 1200, "share": 0.95, "tolerance": 0.002}


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """What a simulator does otherwise than the baseline's.

    Attributes:
        what: In words.
        latency: The `[latency]` table of its configuration.
        objective: What it is judged by, as in `slo.toml`.
        worse: How much worse that makes the quantity, on the scale of its comparison: a logarithm
            of a ratio, milliseconds, or a share; 0 for an unchanged target.
    """

    what: str
    latency: Mapping[str, Any]
    objective: Mapping[str, Any]
    worse: float


_SHIFT_MS, _MEDIAN_MS = _LATENCY["shift_ms"], _LATENCY["median_ms"]
_LATE = {"weight": 0.01, **_LATENCY, "shift_ms": _SHIFT_MS + 1000}
INJECTIONS = (
    Injection(what="nothing", latency=_LATENCY, objective=_P95, worse=0.0),
    Injection(
        what="+25 ms",
        latency=_LATENCY | {"shift_ms": _SHIFT_MS + 25},
        objective=_P50,
        worse=25.0,
    ),
    Injection(
        what="+10 %",
        latency=_LATENCY | {"shift_ms": 1.1 * _SHIFT_MS, "median_ms": 1.1 * _MEDIAN_MS},
        objective=_P95,
        worse=math.log(1.1),
    ),
    Injection(
        what="+1 s in 1 % of turns",
        latency=_LATENCY | {"mixture": [_LATE]},
        objective=_WITHIN,
        worse=0.01,
    ),
)
"""An unchanged target, and the changes that a gate has to find."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the gate said of one injection."""

    injection: Injection
    report: GateReport

    @property
    def comparison(self) -> Comparison:
        """The one comparison that was made."""
        return self.report.comparisons[0]

    @property
    def kept(self) -> bool:
        """Whether an unchanged target passed, and a change failed or needs more runs to be seen.

        Such an inconclusive verdict has to leave room for the true change between its bounds and
        to ask for more pairs than there were. Chance within the runs breaks that in one of twenty.
        """
        found, worse = self.comparison, self.injection.worse
        if not worse:
            return found.verdict is GateVerdict.PASS
        if found.verdict is not GateVerdict.INCONCLUSIVE:
            return found.verdict is GateVerdict.FAIL
        if found.low is None or found.high is None or found.runs_needed is None:
            return False
        return found.low <= worse <= found.high and found.runs_needed > len(found.candidate)


def measure(progress: Progress) -> tuple[Outcome, ...]:
    """Run the baseline and every injection in turns, and judge.

    Args:
        progress: Receives the progress.

    Raises:
        RunInvalid: A run was INVALID every time.
    """
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root, said = Path(folder), short_corpus()
        write_manifest(root / "said.jsonl", said.clips, said.folder)
        hosts = []
        for number, latency in enumerate([_LATENCY, *(one.latency for one in INJECTIONS)]):
            config = root / f"simulator-{number}.toml"
            config.write_text(configuration(_SEED + number, latency), encoding="utf-8")
            words = ("harness", "simulator", "--port", "0", "--exit-with-stdin")
            hosts.append(stack.enter_context(Child(*words, "--config", str(config))).address())
        runs: list[list[Run]] = [[] for _ in hosts]
        for done, (pair, side) in enumerate(turns(_PAIRS, len(hosts))):
            what = "baseline" if side == 0 else INJECTIONS[side - 1].what
            progress.step(f"pair {pair + 1} of {_PAIRS}: {what}", "runs")
            progress.advance(done, _PAIRS * len(hosts))
            runs[side].append(_run(root, hosts[side], pair + 1))
    return tuple(judge(one, runs[side], runs[0]) for side, one in enumerate(INJECTIONS, start=1))


def turns(pairs: int, sides: int) -> Iterator[tuple[int, int]]:
    """Yield pair and side of each run, there and back again, so that drift hits all alike."""
    for pair in range(pairs):
        order = range(sides) if pair % 2 == 0 else reversed(range(sides))
        yield from ((pair, side) for side in order)


def configuration(seed: int, latency: Mapping[str, Any]) -> str:
    """Return a simulator's configuration file."""
    table = "\n".join(f"{name} = {_toml(value)}" for name, value in latency.items())
    return f'[server]\nseed = {seed}\n[latency]\npreset = "null"\n{table}\n'


def judge(injection: Injection, candidate: Sequence[Run], baseline: Sequence[Run]) -> Outcome:
    """Compare runs of an injection with those of the baseline, in pairs, as `harness ab` does."""
    asked = parse_objectives({"objective": [dict(injection.objective)]}, injection.what)
    report = gate_against(candidate, baseline, asked, bundled_prices(), in_pairs=True)
    return Outcome(injection=injection, report=report)


def _toml(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{name} = {_toml(part)}' for name, part in value.items())} }}"
    return str(value)


def _run(root: Path, host: str, seed: int) -> Run:
    """Make one run with `harness run`, once more where the machine spoiled it."""
    words = [sys.executable, "-m", "harness", "run", str(_SCENARIO), "--host", host]
    words += ["--corpus", str(root / "said.jsonl"), "--turns", str(_TURNS), "--seed", str(seed)]
    words += ["--users", str(_CALLERS), "--calls", str(_CALLERS), "--spawn-rate", str(_SPAWN_RATE)]
    reports, said = root / "reports", ""
    words += ["--reports", str(reports)]
    before = set(reports.glob(_RUNS))
    for _ in range(1 + _RETRIES):
        done = subprocess.run(
            words,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=for_child(),
            timeout=_RUN_LIMIT_S,
            check=False,
            text=True,
        )
        made = set(reports.glob(_RUNS)) - before
        if done.returncode == ExitCode.PASS:
            (manifest,) = made
            return held_to_limit(read_run(manifest.parent))
        before |= made
        said = next(reversed(done.stderr.strip().splitlines()), "nothing")
        if done.returncode != ExitCode.INVALID:
            break
    raise RunInvalid(
        f"harness run ended with {done.returncode} and said last: {said}",
        hint="Leave the machine idle meanwhile",
    )
