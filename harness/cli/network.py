"""`harness network`: the profiles, and what they really do."""

import json
import os
from dataclasses import asdict
from pathlib import Path

import click

from harness import environment
from harness.cli.terminal import TerminalProgress
from harness.errors import BadInput, ExitCode
from harness.model import Direction, NetworkProfile, RealisedNetwork
from harness.network import NetworkLayer, choose_profile, find_or_install, load_profiles

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
    click.echo(_row("profile", "rtt_ms", "jitter_ms", "up_kbit_s", "down_kbit_s"))
    for profile in load_profiles(extra).values():
        jitter_ms = max(profile.up.jitter_ms, profile.down.jitter_ms)
        click.echo(
            _row(
                profile.name,
                f"{profile.rtt_ms:g}",
                f"{jitter_ms:g}",
                _rate(profile.up),
                _rate(profile.down),
            )
        )


@command.command()
@click.argument("name")
@_extra
def show(name: str, extra: Path | None) -> None:
    """Show all that is known of one profile."""
    profile = choose_profile(load_profiles(extra), name)
    click.echo(f"profile  {profile.name}")
    for label, direction in (("up", profile.up), ("down", profile.down)):
        click.echo(
            f"{label:<8} {direction.delay_ms:g} ms one way, jitter {direction.jitter_ms:g} ms,"
            f" bandwidth {_rate(direction)} kbit/s"
        )
    click.echo(f"source   {profile.source}")
    click.echo(f"note     {profile.note}")


@command.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--json",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the findings to this file.",
)
@_extra
def measure(names: tuple[str, ...], target: Path | None, extra: Path | None) -> int:
    """Measure profiles through Toxiproxy; all of them when none is named.

    Ends with code 3 when one of them is not what it says.
    """
    profiles = load_profiles(extra)
    chosen = [choose_profile(profiles, name) for name in names or profiles]
    with TerminalProgress() as progress:
        binary = find_or_install(environment.cache_dir(), progress)
    findings: list[tuple[NetworkProfile, RealisedNetwork]] = []
    click.echo(_row("profile", "rtt_ms", "p10_ms", "p50_ms", "p90_ms") + "  finding")
    with NetworkLayer(binary, profiles) as layer:
        for profile in chosen:
            found = layer.verify(profile.name)
            findings.append((profile, found))
            quantiles = (found.rtt_p10_ms, found.rtt_p50_ms, found.rtt_p90_ms)
            shown = ("-" if value is None else f"{value:.1f}" for value in quantiles)
            verdict = "verified" if found.verified else "NOT VERIFIED"
            row = _row(profile.name, f"{profile.rtt_ms:g}", *shown)
            click.echo(f"{row}  {verdict}: {found.why}")
    if target is not None:
        _write(target, [_as_json(profile, found) for profile, found in findings])
    return ExitCode.PASS if all(found.verified for _, found in findings) else ExitCode.INVALID


@command.command()
def install() -> None:
    """Find Toxiproxy or obtain it, and print where it is."""
    with TerminalProgress() as progress:
        binary = find_or_install(environment.cache_dir(), progress)
    click.echo(str(binary))


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
            f"cannot be written: {error.strerror}", where=str(target), mend="Name another file."
        ) from error
