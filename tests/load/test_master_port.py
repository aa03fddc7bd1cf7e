"""Which port a master gets that forks its workers."""

import argparse

import pytest

from harness.load.master_port import choose_master_port

_FIXED = 5557


def chosen(*words: str) -> tuple[int, int]:
    parser = argparse.ArgumentParser()
    parser.add_argument("--master-port", type=int, default=_FIXED)
    parser.add_argument("--master-bind-port", type=int, default=_FIXED)
    choose_master_port(parser, words)
    found = parser.parse_args([])
    return found.master_port, found.master_bind_port


def test_master_and_workers_of_one_command_get_a_port_of_their_own() -> None:
    port, bound = chosen("--processes", "2")
    assert port == bound != _FIXED
    assert chosen("--processes=2")[0] not in (port, _FIXED)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--worker", "--processes", "4"),
        ("--master",),
        ("--processes", "2", "--master-bind-port", "6000"),
        ("--processes", "2", "--master-port=6000"),
    ],
)
def test_processes_started_one_by_one_meet_where_they_are_told(words: tuple[str, ...]) -> None:
    assert chosen(*words) == (_FIXED, _FIXED)
