"""`harness network`: the profiles, and what they really do."""

from dataclasses import asdict
from pathlib import Path

import click

from harness import environment
from harness.cli.json_file import json_option, write_json
from harness.cli.terminal import TerminalProgress
from harness.cli.toxiproxy import chosen_server, ports_option, toxiproxy_option
from harness.errors import ExitCode
from harness.model import Direction, NetworkProfile, RealisedNetwork
from harness.network import (
    ApiAddress,
    Stream,
    choose_profile,
    collapse,
    load_profiles,
    parse_ports,
)
from harness.network.profiles.regions import regions

_extra = click.option(
    "--profiles",
    "extra",
    type=click.Path(path_type=Path),
    help="A TOML file with profiles of your own.",
)


@click.group()
def command() -> None:
    """List, show and measure network profiles."""


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
        towards = "up" if fault.upwards else "down"
        click.echo(
            f"fault    {fault.kind} {towards} at {fault.at_s:g} s {fault.settings or ''}".rstrip()
        )
    click.echo(f"source   {profile.source}")
    click.echo(f"note     {profile.note}")
    if (warning := collapse(profile, Stream().cadence_ms)) is not None:
        click.echo(f"warning  {warning}")


@command.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@json_option
@click.option(
    "--streams", type=click.IntRange(1, 1000), help="Streams that probe for stalls, 16 by default."
)
@click.option(
    "--seconds", type=click.FloatRange(1, 600), help="How many seconds they probe, 6 by default."
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
    # What speaks to a Toxiproxy, over HTTP, is not for lists of profiles to load.
    from harness.network import NetworkLayer

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
    write_json(target, [_as_json(profile, found) for profile, found in findings])
    return ExitCode.PASS if all(found.verified for _, found in findings) else ExitCode.INVALID


@command.command()
def install() -> None:
    """Find Toxiproxy or obtain it, and print where it is."""
    from harness.network import find_or_install

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
        "bandwidth unlimited"
        if direction.rate_kbit_s is None
        else f"bandwidth {_rate(direction)} kbit/s",
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
