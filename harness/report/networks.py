"""The section of the page that says what the networks were asked to be, and what they were."""

from collections.abc import Sequence

from harness.errors import sanitised
from harness.model import Direction, RealisedNetwork, StallFigures
from harness.model.summary import NetworkSummary, Summary
from harness.report.blocks import Cell, Facts, Section, Table
from harness.report.formatting import MISSING, counted, milliseconds, number, percent

_LATE = "Later than 50 ms"


def network(summary: Summary) -> Section:
    """Return what was asked for beside what a probe and the run itself found."""
    parts: list[Table | Facts] = [_delays(summary.network)]
    if rows := [row for part in summary.network for row in _stalls(part)]:
        parts.append(_stall_table(tuple(rows)))
    if pairs := _meanwhile(summary):
        parts.append(Facts(pairs=pairs))
    says = (
        (
            "What Toxiproxy was asked to add, and the round trip that a probe through it measured"
            " before the run: its median and, below it, P10 to P90. Pings are those of the calls"
            " themselves, so they include the path to the API, bandwidth limits and stalls."
        ),
    )
    return Section(id="network", title="Networks", says=says, parts=tuple(parts))


def _delays(networks: Sequence[NetworkSummary]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    notes: list[str] = []
    for part in networks:
        asked, realised, name = part.nominal, part.realised, sanitised(part.profile)
        said = [sanitised(asked.note)] if asked.note else []
        round_trip: Cell
        if realised is None:
            verdict, round_trip = "not measured", MISSING
        else:
            verdict = "verified" if realised.verified else "NOT VERIFIED"
            round_trip = _round_trip(realised)
            said.insert(0, f"{sanitised(realised.why)} ({counted(realised.probes, 'probe')})")
        if said:
            notes.append(f"{name}: {'; '.join(said).removesuffix('.')}.")
        pings = part.pings
        rows.append(
            (
                name,
                verdict,
                _in_words(asked.up),
                _in_words(asked.down),
                f"{asked.rtt_ms:g}",
                round_trip,
                MISSING if pings is None else number(pings.p50_ms),
            )
        )
    head = ("Network", "Probe", "Up", "Down", "Asked RTT, ms", "Found RTT, ms", "Pings, ms")
    return Table(title="Networks", head=head, rows=tuple(rows), words=4, notes=tuple(notes))


def _stall_table(rows: tuple[tuple[Cell, ...], ...]) -> Table:
    note = (
        "Measured, and below it what was planned for the same frames. A stall is a moment at which"
        " delayed frames were released; extra delay is what a frame takes beyond the constant delay"
        " of the network and the baseline, which is what proxy and machine add to frames that no"
        " stall affects."
    )
    return Table(
        title="Stalls",
        head=(
            "Network",
            "Direction",
            "Baseline, ms",
            "Stalls a minute",
            "Mean extra, ms",
            "P99 extra, ms",
            _LATE,
        ),
        rows=rows,
        words=2,
        notes=(note,),
    )


def _stalls(part: NetworkSummary) -> list[tuple[Cell, ...]]:
    asked, found = part.nominal, part.realised
    if found is None:
        return []
    both = (
        ("up", asked.up, found.up_baseline_ms, found.up_stalls, found.up_planned),
        ("down", asked.down, found.down_baseline_ms, found.down_stalls, found.down_planned),
    )
    return [
        (
            sanitised(part.profile),
            f"{towards}, {_loss(direction)}",
            MISSING if baseline_ms is None else number(baseline_ms),
            *_figures(got, planned),
        )
        for towards, direction, baseline_ms, got, planned in both
        if got is not None
    ]


def _figures(got: StallFigures, planned: StallFigures | None) -> tuple[Cell, ...]:
    def beside(value: str, plan: str) -> Cell:
        return value if planned is None else (value, plan)

    plan = planned or got
    return (
        beside(number(got.per_minute), number(plan.per_minute)),
        beside(number(got.mean_ms), number(plan.mean_ms)),
        beside(number(got.p99_ms), number(plan.p99_ms)),
        beside(percent(got.late_share), percent(plan.late_share)),
    )


def _meanwhile(summary: Summary) -> tuple[tuple[str, str], ...]:
    """Say how well changes kept their times and what the proxy itself added, while calls ran."""
    pairs = []
    if changes := summary.network_changes:
        words = f"{number(changes.done, 0)} of {number(changes.planned, 0)} carried out"
        if changes.lag_p99_ms is not None:
            words += (
                f"; P50 {milliseconds(changes.lag_p50_ms)}, P99 {milliseconds(changes.lag_p99_ms)},"
                f" worst {milliseconds(changes.lag_max_ms)} late"
            )
        pairs.append(("Changes while calls ran", words))
        lates = [
            f"{sanitised(part.profile)} {percent(part.late)}"
            for part in summary.network
            if part.late is not None
        ]
        if lates:
            pairs.append(("Turns with a change late by more than half a frame", ", ".join(lates)))
    if overhead := summary.proxy_overhead:
        pairs.append(
            (
                "The proxy itself, at the load of the run",
                (
                    f"round trip P50 {number(overhead.proxied_p50_ms)} ms through it,"
                    f" {number(overhead.direct_p50_ms)} ms without; P99"
                    f" {number(overhead.proxied_p99_ms)} and {number(overhead.direct_p99_ms)} ms"
                ),
            )
        )
    return tuple(pairs)


def _loss(direction: Direction) -> str:
    if not direction.loss:
        return "no loss of its own"
    burst = "" if direction.burst_ms is None else f" for {direction.burst_ms:g} ms at a time"
    return f"loss {100 * direction.loss:g} %{burst}"


def _in_words(direction: Direction) -> str:
    if direction == Direction():
        return "nothing added"
    rate = direction.rate_kbit_s
    speed = "" if rate is None else f", {number(rate, 0)} kbit/s"
    loss = f", loss {100 * direction.loss:g} %" if direction.loss else ""
    return f"{direction.delay_ms:g} ± {direction.jitter_ms:g} ms{speed}{loss}"


def _round_trip(realised: RealisedNetwork) -> Cell:
    if realised.rtt_p50_ms is None:
        return MISSING
    if realised.rtt_p10_ms is None or realised.rtt_p90_ms is None:
        return number(realised.rtt_p50_ms)
    range_ms = f"{number(realised.rtt_p10_ms)} to {number(realised.rtt_p90_ms)}"
    return number(realised.rtt_p50_ms), range_ms
