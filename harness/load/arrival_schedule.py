"""What was asked for with `--arrivals`, as a schedule that can be sent to every process.

Workers on other machines have neither the file nor the run time: they are sent the schedule itself.
"""

import argparse
from pathlib import Path
from typing import Any

from harness.errors import BadInput
from harness.plan import Arrivals, Seeds, parse_arrivals, parse_calls_per_minute
from harness.plan.arrivals import parse_duration

# Locust warns of a rate above 100 callers a second.
_FASTEST_SPAWN = 100


def resolve_arrivals(parsed: argparse.Namespace) -> None:
    """Put the whole schedule of arrivals into `parsed`: the table of a file, the length of a ramp.

    Where the schedule itself has an end, its calls are the calls of the run.

    Raises:
        BadInput: It is no schedule, or cannot be read.
    """
    text: str = parsed.arrivals.strip()
    if not text:
        return
    seed = Seeds.from_one(max(0, parsed.seed)).arrivals
    if text.lower().endswith(".csv") or Path(text).is_file():
        arrivals: Arrivals = parse_calls_per_minute(_read(text), seed, f"--arrivals {text}")
    else:
        run_s, calls = _seconds(getattr(parsed, "run_time", None)), parsed.calls or None
        arrivals = parse_arrivals(text, seed, run_s=run_s, calls=calls)
    parsed.arrivals = arrivals.text
    if arrivals.calls is not None:
        parsed.calls = min(parsed.calls or arrivals.calls, arrivals.calls)


def start_callers_at_once(parsed: Any) -> None:
    """Have Locust start all callers together: under an open load they only wait for calls."""
    if getattr(parsed, "arrivals", "") and getattr(parsed, "num_users", None):
        parsed.spawn_rate = max(parsed.spawn_rate or 0, min(parsed.num_users, _FASTEST_SPAWN))


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadInput("no such file", where=f"--arrivals {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        words = f"cannot be read ({type(error).__name__})"
        raise BadInput(words, where=f"--arrivals {path}") from error


def _seconds(run_time: object) -> float | None:
    """Return the run time, which Locust's parser leaves as words and Locust makes a number of."""
    if isinstance(run_time, str):
        return parse_duration(run_time)
    return float(run_time) if isinstance(run_time, int | float) and run_time else None
