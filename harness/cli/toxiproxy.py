"""Which Toxiproxy a command uses."""

from pathlib import Path

import click

from harness import environment
from harness.cli.terminal import TerminalProgress
from harness.network import ApiAddress, parse_api

toxiproxy_option = click.option(
    "--toxiproxy",
    default="",
    help="Use the Toxiproxy that runs at this URL; its host has to reach this machine. A token goes"
    " into TOXIPROXY_AUTH_TOKEN.",
)
ports_option = click.option(
    "--toxiproxy-ports", "ports", default="", help="Ports that proxies may listen on."
)


def chosen_server(url: str) -> Path | ApiAddress:
    """Return the server at a URL, or the program to start one of our own."""
    if url:
        return parse_api(url, environment.secret("TOXIPROXY_AUTH_TOKEN"))
    from harness.network import find_or_install

    with TerminalProgress() as progress:
        return find_or_install(environment.cache_dir(), progress)
