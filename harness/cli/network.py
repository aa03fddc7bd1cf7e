"""`harness network`: the profiles, and what they really do."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import click

from harness import environment
from harness.cli.selfcheck_network import compare_model
from harness.cli.terminal import TerminalProgress
from harness.cli.toxiproxy import chosen_server, ports_option, toxiproxy_option
from harness.errors import BadInput, ExitCode
from harness.model import Direction, NetworkProfile, RealisedNetwork
from harness.network import (
    ApiAddress,
    NetworkLayer,
    Stream,
    choose_profile,
    collapse,
    find_or_install,
    load_profiles,
    parse_ports,
)
from harness.network.profiles.regions import regions

_LAG_MS, _CORES = 10.0, 0.15
_LOSSY = NetworkProfile(
    name="rtt_40_loss_1",
    up=Direction(delay_ms=20, loss=0.01),
    down=Direction(delay_ms=20, loss=0.01),
)

_extra = click.option(
    "--profiles",
    "extra",
    type=click.Path(path_type=Path),
    help="A TOML file with profiles of your own.",
)


@click.group()
def command() -> None:
    """List, show and measure network profiles."""


command.add_command(compare_model)


@command.command("list")
@_extra
def list_profiles(extra: Path | None) -> None:
    """List the profiles."""
    click.echo(_row("profile", "rtt_ms", "jitter_ms", "loss_%", "up_kbit_s", "down_kbit_s"))
    for profile in load_profiles(extra).values():
        jitter_ms = max(profile.up.jitter_ms, profile.down.jitter_ms)
        loss = 100 * max(profile.up.loss, profile.down.loss)
        row = _row(
            profile.name,
            f"{profile.rtt_ms:g}",
            f"{jitter_ms:g}",
            f"{loss:g}",
            _rate(profile.up),
            _rate(profile.down),
        )
        click.echo(f"{row}  {_course(profile)}".rstrip())
    click.echo(f"Regions that may be added, as in lte_good+tokyo: {', '.join(regions())}")


@command.command()
@click.argument("name")
@_extra
def show(name: str, extra: Path | None) -> None:
    """Show all that is known of one profile."""
    profile = choose_profile(load_profiles(extra), name)
    click.echo(f"profile  {profile.name}")
    for stage in profile.timeline:
        if profile.stages:
            click.echo(f"from     {stage.from_s:g} s {stage.name}".rstrip())
        for label, direction in (("up", stage.up), ("down", stage.down)):
            click.echo(f"{label:<8} {_in_words(direction)}")
    for fault in profile.faults:
        way = "up" if fault.upwards else "down"
        click.echo(
            f"fault    {fault.kind} {way} at {fault.at_s:g} s {fault.settings or ''}".rstrip()
        )
    click.echo(f"source   {profile.source}")
    click.echo(f"note     {profile.note}")
    if (warning := collapse(profile, Stream().cadence_ms)) is not None:
        click.echo(f"warning  {warning}")


@command.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--json",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the findings to this file.",
)
@click.option(
    "--streams", type=click.IntRange(1, 1000), help="Streams that look for stalls, 16 by default."
)
@click.option(
    "--seconds", type=click.FloatRange(1, 600), help="For how long they do, 6 by default."
)
@toxiproxy_option
@ports_option
@_extra
def measure(
    names: tuple[str, ...],
    target: Path | None,
    streams: int | None,
    seconds: float | None,
    toxiproxy: str,
    ports: str,
    extra: Path | None,
) -> int:
    """Measure profiles through Toxiproxy; all of them when none is named.

    Ends with code 3 when one of them is not what it says.
    """
    listening = parse_ports(ports)
    profiles = load_profiles(extra)
    chosen = [choose_profile(profiles, name) for name in names or profiles]
    server = chosen_server(toxiproxy)
    for warning in filter(None, (collapse(profile, Stream().cadence_ms) for profile in chosen)):
        click.echo(f"warning: {warning}", err=True)
    if isinstance(server, ApiAddress):
        click.echo(f"Through {server.url}", err=True)
    profiles |= {profile.name: profile for profile in chosen}
    findings: list[tuple[NetworkProfile, RealisedNetwork]] = []
    click.echo(_row("profile", "rtt_ms", "p10_ms", "p50_ms", "p90_ms") + "  finding")
    with NetworkLayer(server, profiles, ports=listening) as layer:
        for profile in chosen:
            found = layer.verify(profile.name, streams=streams, seconds=seconds)
            findings.append((profile, found))
            quantiles = (found.rtt_p10_ms, found.rtt_p50_ms, found.rtt_p90_ms)
            shown = ("-" if value is None else f"{value:.1f}" for value in quantiles)
            verdict = "verified" if found.verified else "NOT VERIFIED"
            row = _row(profile.name, f"{profile.rtt_ms:g}", *shown)
            click.echo(f"{row}  {verdict}: {found.why}")
        click.echo(f"The proxy itself: {layer.measure_overhead()}")
    if target is not None:
        _write(target, [_as_json(profile, found) for profile, found in findings])
    return ExitCode.PASS if all(found.verified for _, found in findings) else ExitCode.INVALID


@command.command("hold")
@click.argument("name", required=False)
@click.option("--callers", type=click.IntRange(1, 5000), default=200, help="Calls held at once.")
@click.option(
    "--talking", type=click.IntRange(0), help="How many of them send frames; all by default."
)
@click.option("--frame-ms", type=click.IntRange(10, 200), default=20, help="Time between frames.")
@click.option("--seconds", type=click.FloatRange(1), default=20.0, help="How long to measure.")
@click.option(
    "--json",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the findings to this file.",
)
@_extra
def hold_calls(
    name: str | None,
    callers: int,
    talking: int | None,
    frame_ms: int,
    seconds: float,
    target: Path | None,
    extra: Path | None,
) -> int:
    """Measure how well many calls' stalls keep their times, and what that costs.

    Without NAME the network has a round trip of 40 ms and loses 1 % both ways. Toxiproxy,
    connections and updates are real, and on the audio engine's loop; whoever talks sends frames of
    full size and gets each back from a process beside. Ends with code 1 when the P99 of lag is
    above 10 ms or the controller takes more than 0.15 core.
    """
    from harness.bench.stall_updates import hold

    profile = _LOSSY if name is None else choose_profile(load_profiles(extra), name)
    held = hold(
        chosen_server(""),
        profile,
        callers=callers,
        talking=callers if talking is None else min(callers, talking),
        frame_ms=frame_ms,
        seconds=seconds,
    )
    account, each = held.account, held.update_us
    click.echo(f"calls        {held.callers} through {profile.name}, {held.talking} talking")
    click.echo(f"traffic      {held.frames / held.seconds:.0f} frames a second each way")
    click.echo(f"updates      {account.done} in {held.seconds:.0f} s, {account.failed} failed")
    if account.lag_p99_ms is None or account.lag_p50_ms is None or each is None:
        raise BadInput("this network never changes", where=profile.name, hint="Take one with loss")
    click.echo(
        f"lag          P50 {account.lag_p50_ms:.2f} ms, P99 {account.lag_p99_ms:.2f} ms,"
        f" worst {account.lag_max_ms:.1f} ms"
    )
    click.echo(f"controller   {held.controller_cores:.3f} core, {each:.0f} µs an update")
    click.echo(f"traffic cost {held.loop_cores:.3f} core on the same loop")
    if target is not None:
        _write(target, [asdict(held) | {"profile": profile.name, "frame_ms": frame_ms}])
    good = account.lag_p99_ms <= _LAG_MS and held.controller_cores <= _CORES
    return ExitCode.PASS if good and not account.failed else ExitCode.FAIL


@command.command()
def install() -> None:
    """Find Toxiproxy or obtain it, and print where it is."""
    with TerminalProgress() as progress:
        binary = find_or_install(environment.cache_dir(), progress)
    click.echo(str(binary))


def _course(profile: NetworkProfile) -> str:
    parts = [f"changes at {', '.join(f'{s.from_s:g} s' for s in profile.stages)}"]
    faults = ", ".join(fault.kind for fault in profile.faults)
    return "; ".join((parts if profile.stages else []) + ([faults] if faults else []))


def _in_words(direction: Direction) -> str:
    words = [
        f"{direction.delay_ms:g} ms one way, jitter {direction.jitter_ms:g} ms",
        f"bandwidth {_rate(direction)} kbit/s",
    ]
    if direction.loss:
        burst = "" if direction.burst_ms is None else f" for {direction.burst_ms:g} ms at a time"
        words.append(f"loss {100 * direction.loss:g} %{burst}")
    if direction.stall_every_ms is not None:
        low, high = direction.stall_ms
        words.append(f"stalls of {low:g} to {high:g} ms every {direction.stall_every_ms:g} ms")
    return ", ".join(words)


def _row(name: str, *cells: str) -> str:
    return f"{name:<12}" + "".join(f"{cell:>12}" for cell in cells)


def _rate(direction: Direction) -> str:
    return "unlimited" if direction.rate_kbit_s is None else f"{direction.rate_kbit_s:g}"


def _as_json(profile: NetworkProfile, found: RealisedNetwork) -> dict[str, object]:
    nominal = asdict(profile) | {"rtt_ms": profile.rtt_ms}
    realised = asdict(found)
    del nominal["name"]
    return {
        "profile": realised.pop("profile"),
        "nominal": nominal,
        "verified": realised.pop("verified"),
        "why": realised.pop("why"),
        "realised": realised,
    }


def _write(target: Path, findings: list[dict[str, object]]) -> None:
    """Write the whole file or none of it."""
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        unfinished.write_text(json.dumps(findings, indent=2) + "\n", encoding="utf-8")
        os.replace(unfinished, target)
    except OSError as error:
        raise BadInput(
            f"cannot be written: {error.strerror}", where=str(target), hint="Name another file."
        ) from error
