import sys
from typing import ClassVar

import click
import pytest

from harness.cli import gate
from harness.cli.lazy_group import Commands, LazyGroup


class _Two(LazyGroup):
    commands_table: ClassVar[Commands] = {
        "gate": ("harness.cli.gate", "Judge a run."),
        "absent": ("harness.cli.not_there", "Never imported here."),
    }


def test_the_overview_imports_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    _Two("two").main(["--help"], standalone_mode=False)
    assert "Never imported here." in capsys.readouterr().out
    assert "harness.cli.not_there" not in sys.modules


def test_a_command_is_found_by_name_and_an_unknown_one_is_none() -> None:
    group = _Two("two")
    context = click.Context(group)
    assert group.get_command(context, "gate") is gate.command
    assert group.get_command(context, "bogus") is None
