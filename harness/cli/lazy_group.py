"""A group of commands whose modules are imported only when one of them is used.

Several of them load numpy, matplotlib or the audio engine, which `harness --help` does not need.
"""

import importlib
from collections.abc import Mapping
from typing import ClassVar

import click

Commands = Mapping[str, tuple[str, str]]
"""Name to the module that holds `command`, and the line shown in the overview."""


class LazyGroup(click.Group):
    """Finds its commands in a table of modules; subclasses name the table."""

    commands_table: ClassVar[Commands]

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(self.commands_table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of one command; `None` for a name that is not in the table."""
        if cmd_name not in self.commands_table:
            return None
        module = importlib.import_module(self.commands_table[cmd_name][0])
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            rows = [(name, line) for name, (_, line) in self.commands_table.items()]
            formatter.write_dl(rows)
