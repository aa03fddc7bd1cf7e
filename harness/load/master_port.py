"""A port of its own for every master that forks its workers, so that runs do not meet."""

import argparse
import socket
from collections.abc import Sequence

from harness.environment import setting

_OWN_PORT = ("--master-port", "--master-bind-port")
_OTHER_ROLES = ("--worker", "--master")


def choose_master_port(parser: argparse.ArgumentParser, words: Sequence[str]) -> None:
    """Make a free port the default where master and workers are started by one command.

    On Locust's fixed port a second run on the machine would fail, and its workers would join the
    first run's master.

    Args:
        parser: Locust's parser.
        words: The command line.
    """
    given = {word.partition("=")[0] for word in words}
    forks = "--processes" in given or setting("LOCUST_PROCESSES") is not None
    if not forks or given & {*_OWN_PORT, *_OTHER_ROLES}:
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    parser.set_defaults(master_port=port, master_bind_port=port)
