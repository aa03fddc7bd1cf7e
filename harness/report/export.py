"""Turns as a flat table, for those who would rather look with tools of their own."""

from dataclasses import asdict

import pandas as pd

from harness.analysis import METRICS, turn_latency
from harness.model import Run


def turns_table(run: Run) -> pd.DataFrame:
    """Return one row a turn: the record's fields, flattened, and every latency derived from it.

    Args:
        run: The records.

    Returns:
        Instants in ns since run start, latencies in ms; a missing one is missing (`NaN` or
        `<NA>`), never 0. `censored` latencies are at least the value beside them.
    """
    rows = pd.json_normalize([asdict(turn) for turn in run.turns], sep=".")
    rows = rows.drop(columns="counts.underruns", errors="ignore")
    for metric in (metric for metric in METRICS if not metric.of_session):
        latencies = [turn_latency(metric, turn) for turn in run.turns]
        rows[f"{metric.name}_ms"] = [None if one is None else one.ms for one in latencies]
        rows[f"{metric.name}_censored"] = [one is not None and one.censored for one in latencies]
    return rows.convert_dtypes()
