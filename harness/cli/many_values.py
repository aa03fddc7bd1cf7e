"""A command one of whose options takes all words up to the next option, as a shell's `*` gives."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

import click


class ManyValues(click.Command):
    """Reads `--baseline A B C` as `--baseline A --baseline B --baseline C`.

    Otherwise B and C would silently be taken for runs to judge. Subclasses name the option.
    """

    many: ClassVar[str]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat the option in front of each of its words."""
        return super().parse_args(ctx, list(self._repeated(args)))

    def _repeated(self, words: Iterable[str]) -> Iterator[str]:
        inside = first = False
        for word in words:
            if word.startswith("-") and word != "-":
                inside = first = word == self.many
                yield word
                continue
            if inside and not first:
                yield self.many
            first = False
            yield word
