"""Options of a command made from their one declaration, in the words of `argparse`."""

import argparse
from collections.abc import Callable, Iterable
from typing import Any

import click

from harness.errors import BadInput


class DeclaredOptions(argparse.ArgumentParser):
    """A parser of declared options that works without importing Locust.

    Args:
        declare: Adds the options, to this parser or to Locust's.
    """

    def __init__(self, declare: Callable[[argparse.ArgumentParser], None]) -> None:
        super().__init__(add_help=False, allow_abbrev=False)
        declare(self)

    def add_argument(self, *names: Any, **settings: Any) -> argparse.Action:
        """Add an option; settings for Locust's web page are ignored."""
        settings.pop("include_in_web_ui", None)
        return super().add_argument(*names, **settings)

    def error(self, message: str) -> Any:
        """Raise what is wrong as bad input."""
        raise BadInput(message.removeprefix("argument "), hint="See --help for what it takes")

    def read(self, words: Iterable[str]) -> argparse.Namespace:
        """Return what the command line and the declared defaults give.

        Raises:
            BadInput: A value is not of its option's type.
        """
        return self.parse_args(list(words))

    def click_options(self) -> list[click.Parameter]:
        """Return the options as click shows and parses them: as text, unset where not given."""
        return [
            click.Option(
                [*action.option_strings, action.dest],
                help=(action.help or "").replace("%%", "%"),
                metavar=action.metavar or getattr(action.type, "__name__", "text").upper(),
                is_flag=action.nargs == 0,
                default=None,
            )
            for action in self._actions
            if action.help is not argparse.SUPPRESS
        ]

    def words(self, given: dict[str, Any]) -> list[str]:
        """Return the command line for what click found; removes these from `given`."""
        said: list[str] = []
        for action in self._actions:
            value = given.pop(action.dest, None)
            if value is None or value is False:
                continue
            said.append(action.option_strings[-1])
            if value is not True:
                said.append(str(value))
        return said
