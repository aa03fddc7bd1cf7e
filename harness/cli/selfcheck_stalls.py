"""`harness selfcheck stalls`: how late stalls are applied to many calls, and at what cost."""

from dataclasses import asdict
from pathlib import Path

import click

from harness.cli.json_file import json_option, write_json
from harness.cli.toxiproxy import chosen_server
from harness.errors import BadInput, ExitCode
from harness.model import Direction, NetworkProfile
from harness.network import choose_profile, load_profiles

# The bars: P99 of how late a stall is applied, and the share of one core that applying takes.
_LAG_MS, _CORES = 10.0, 0.15
_LOSSY = NetworkProfile(
    name="rtt_40_loss_1",
    up=Direction(delay_ms=20, loss=0.01),
    down=Direction(delay_ms=20, loss=0.01),
)


@click.command("stalls")
@click.argument("name", required=False)
@json_option
@click.option("--callers", type=click.IntRange(1, 5000), default=200, help="Calls held at once.")
@click.option(
    "--talking", type=click.IntRange(0), help="How many of them send frames; all by default."
)
@click.option("--frame-ms", type=click.IntRange(10, 200), default=20, help="Time between frames.")
@click.option("--seconds", type=click.FloatRange(1), default=20.0, help="How long to measure.")
@click.option(
    "--profiles",
    "extra",
    type=click.Path(path_type=Path),
    help="A TOML file with profiles of your own.",
)
def command(
    name: str | None,
    target: Path | None,
    callers: int,
    talking: int | None,
    frame_ms: int,
    seconds: float,
    extra: Path | None,
) -> int:
    """Measure how late stalls are applied to many calls at once, and what that costs.

    Without NAME the network has a round trip of 40 ms and loses 1 % in both directions. Toxiproxy,
    connections and updates are real, and run on the audio engine's loop; a caller who talks sends
    frames of full size and gets each back from an echo server in another process. Ends with code 1
    when the P99 of lag is above 10 ms or the updates take more than 0.15 core.
    """
    # Importing it loads the audio engine, which `--help` does not need.
    from harness.bench.stall_updates import measure_stall_updates

    profile = _LOSSY if name is None else choose_profile(load_profiles(extra), name)
    found = measure_stall_updates(
        chosen_server(""),
        profile,
        callers=callers,
        talking=callers if talking is None else min(callers, talking),
        frame_ms=frame_ms,
        seconds=seconds,
    )
    updates, each_us = found.account, found.update_us
    click.echo(f"calls        {found.callers} through {profile.name}, {found.talking} talking")
    click.echo(f"traffic      {found.frames / found.seconds:.0f} frames a second in each direction")
    click.echo(f"updates      {updates.done} in {found.seconds:.0f} s, {updates.failed} failed")
    if updates.lag_p99_ms is None or updates.lag_p50_ms is None or each_us is None:
        raise BadInput("this network never changes", where=profile.name, hint="Take one with loss")
    click.echo(
        f"lag          P50 {updates.lag_p50_ms:.2f} ms, P99 {updates.lag_p99_ms:.2f} ms,"
        f" worst {updates.lag_max_ms:.1f} ms"
    )
    click.echo(f"controller   {found.controller_cores:.3f} core, {each_us:.0f} µs an update")
    click.echo(f"traffic cost {found.loop_cores:.3f} core on the same loop")
    write_json(target, asdict(found) | {"profile": profile.name, "frame_ms": frame_ms})
    good = updates.lag_p99_ms <= _LAG_MS and found.controller_cores <= _CORES
    return ExitCode.PASS if good and not updates.failed else ExitCode.FAIL
