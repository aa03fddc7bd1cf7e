import argparse

import click
import pytest
from click.testing import CliRunner

from harness.cli.declared_options import DeclaredOptions
from harness.errors import BadInput
from harness.load.options import add_arguments


def declare(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("some")
    group.add_argument("--drain-s", type=float, default=10.0, help="time to end")
    group.add_argument("--loud", action="store_true", help="say more")
    parser.add_argument("--inner", default="", help=argparse.SUPPRESS)


def test_click_shows_and_reads_what_was_declared_once() -> None:
    options, heard = DeclaredOptions(declare), []

    @click.command()
    def command(**given: object) -> None:
        heard.append(options.words(given))
        assert given == {}

    command.params += options.click_options()
    shown = CliRunner().invoke(command, ["--help"]).output
    assert "--drain-s FLOAT" in shown
    assert "time to end" in shown
    assert "--inner" not in shown
    CliRunner().invoke(command, ["--loud", "--drain-s", "3"], catch_exceptions=False)
    CliRunner().invoke(command, [], catch_exceptions=False)
    assert heard == [["--drain-s", "3", "--loud"], []]
    assert options.read(heard[0]).drain_s == 3.0
    assert options.read([]).drain_s == 10.0


def test_a_value_of_the_wrong_type_is_refused_by_its_flag() -> None:
    with pytest.raises(BadInput, match=r"--drain-s: invalid float value: 'long'"):
        DeclaredOptions(declare).read(["--drain-s", "long"])


def test_every_option_of_a_scenario_is_one_of_harness_run() -> None:
    names = {
        name for option in DeclaredOptions(add_arguments).click_options() for name in option.opts
    }
    assert {"--drain-s", "--network", "--key-header", "--setup-limit-s", "--reports"} <= names
    assert "--run-dir" not in names
