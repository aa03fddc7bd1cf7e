"""`harness simulator`: serve a Realtime API whose true latencies are known."""

import sys
from ipaddress import ip_address
from pathlib import Path

import click

from harness import environment
from harness.errors import BadInput, ExitCode
from harness.simulator import DEFAULT_PRESET, PRESETS, SimulatorConfig, find_preset, serve


@click.command("simulator")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=int, default=8765, show_default=True, help="Port; 0 is a free one.")
@click.option(
    "--preset",
    metavar="NAME",
    default=DEFAULT_PRESET,
    show_default=True,
    help=f"Latencies of a model: {', '.join(PRESETS)}.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Source of all draws.")
@click.option(
    "--truth", type=click.Path(path_type=Path, dir_okay=False), help="Append a truth log here."
)
@click.option(
    "--api-key-env",
    metavar="NAME",
    help="Ask clients for the key in this environment variable. Default: let everyone in.",
)
@click.option(
    "--auth-status",
    type=click.Choice(["101", "401"]),
    default="101",
    show_default=True,
    help="Refuse a wrong key after the upgrade, as OpenAI does, or with HTTP 401 before it.",
)
@click.option(
    "--speed", type=float, default=5.0, show_default=True, help="Reply audio, times real time."
)
@click.option("--exit-with-stdin", is_flag=True, help="End when standard input ends.")
def command(
    host: str,
    port: int,
    preset: str,
    seed: int,
    truth: Path | None,
    api_key_env: str | None,
    auth_status: str,
    speed: float,
    exit_with_stdin: bool,
) -> int:
    """Serve a Realtime API with known latencies, until interrupted."""
    config = SimulatorConfig(
        host=host,
        port=port,
        preset=find_preset(preset),
        seed=seed,
        truth=truth,
        api_key=_key(api_key_env),
        refuse_at_upgrade=auth_status == "401",
        speed=speed,
    )
    if not _is_loopback(host):
        print(f"harness: listening beyond this machine, on {host}", file=sys.stderr)
    serve(config, announce=_announce, end_with_stdin=exit_with_stdin)
    return ExitCode.PASS


def _announce(address: str) -> None:
    print(f"listening on {address}", flush=True)


def _key(name: str | None) -> str | None:
    if name is None:
        return None
    key = environment.secret(name)
    if key is None:
        raise BadInput(
            "the environment variable is not set", where=name, mend="Put the key to ask for in it"
        )
    return key


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
