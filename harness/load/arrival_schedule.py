"""What was asked for with `--arrivals`, as a schedule that can be sent to every process.

Workers on other machines have neither the file nor the run time: they are sent the schedule itself.
"""

import argparse
from pathlib import Path

from harness.errors import BadInput
from harness.plan import Arrivals, Seeds, parse_arrivals, parse_calls_per_minute
from harness.plan.duration import parse_duration


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
    if _is_table(text):
        arrivals: Arrivals = parse_calls_per_minute(_read(text), seed, f"--arrivals {text}")
    else:
        run_s, calls = _seconds(getattr(parsed, "run_time", None)), parsed.calls or None
        arrivals = parse_arrivals(text, seed, run_s=run_s, calls=calls)
    parsed.arrivals = arrivals.text
    if arrivals.calls is not None:
        parsed.calls = min(parsed.calls or arrivals.calls, arrivals.calls)


def has_end(arrivals: str) -> bool:
    """Return whether a schedule, as a person asks for it, comes to an end by itself."""
    return "," in arrivals or _is_table(arrivals)


def _is_table(text: str) -> bool:
    return text.lower().endswith(".csv") or Path(text).is_file()


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
