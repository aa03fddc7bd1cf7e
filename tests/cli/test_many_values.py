import click
import pytest
from click.testing import CliRunner

from harness.cli.many_values import ManyValues


class _Command(ManyValues):
    many = "--against"


@click.command(cls=_Command)
@click.argument("names", nargs=-1)
@click.option("--against", multiple=True)
@click.option("--flag", is_flag=True)
def command(names: tuple[str, ...], against: tuple[str, ...], flag: bool) -> None:
    click.echo(f"{names} {against} {flag}")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("a b --against c d --flag", "('a', 'b') ('c', 'd') True"),
        ("a --flag --against c d", "('a',) ('c', 'd') True"),
        ("a --against c --against d e", "('a',) ('c', 'd', 'e') False"),
        ("a b", "('a', 'b') () False"),
        ("--against c --flag a", "('a',) ('c',) True"),
    ],
)
def test_the_option_takes_every_word_up_to_the_next_option(words: str, expected: str) -> None:
    assert CliRunner().invoke(command, words.split()).output.strip() == expected
