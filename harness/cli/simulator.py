"""`harness simulator`: serve a Realtime API whose true latencies are known."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from harness import environment
from harness.cli.terminal import TerminalProgress
from harness.corpus import channel_from, obtain_corpus
from harness.engine.thread_priority import AUDIO, before_others
from harness.errors import BadInput, ExitCode
from harness.simulator import (
    DEFAULT_PRESET,
    FAULTS,
    NULL_PRESET,
    PRESETS,
    Answer,
    CapacityRule,
    DeltaSizes,
    SimulatorConfig,
    TranscriptRule,
    answers_from,
    find_preset,
    frames_of,
    parse_fault,
    parse_tool,
    read_config,
    serve,
)

_FILE = click.Path(path_type=Path, dir_okay=False)
_DEFAULT_PORT = 8765


@click.command("simulator")
@click.option("--config", "file", type=_FILE, help="TOML file; options given here override it.")
@click.option("--host", help="Address to listen on. Default: 127.0.0.1.")
@click.option("--port", type=int, help=f"Port; 0 is a free one. Default: {_DEFAULT_PORT}.")
@click.option(
    "--preset",
    metavar="NAME",
    help=f"Latencies of a model: {', '.join(PRESETS)}. Default: {DEFAULT_PRESET}.",
)
@click.option("--seed", type=int, help="Source of all draws. Default: 1.")
@click.option("--truth", type=_FILE, help="Append a truth log here.")
@click.option(
    "--heard",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the audio that each session received into this folder, as WAV files.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME[=PROBABILITY|@TURN]",
    help="Apply this fault in every turn, in a share of turns, or in one turn of each session,"
    " counted from 0. May be repeated. `--fault list` says what there is.",
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
@click.option("--cert", "certificate", type=_FILE, help="Serve TLS with this PEM certificate.")
@click.option("--key", "private_key", type=_FILE, help="PEM file of the certificate's key.")
@click.option(
    "--corpus",
    metavar="NAME",
    help="Answer in recorded speech: a corpus, a folder of recordings or a manifest."
    " Default: generated speech.",
)
@click.option("--channel", metavar="left|right|N", help="Which channel of it. Default: the first.")
@click.option(
    "--delta-ms",
    metavar="N[,M]",
    help="Length of the deltas of response audio, or drawn between two. Default: 100.",
)
@click.option(
    "--tool",
    metavar="NAME[=PROBABILITY|@TURN]",
    help="Call this function, or else the session's first, in every turn, a share of them, or one.",
)
@click.option("--slots", type=int, help="Responses worked on at once. Default: any number.")
@click.option("--service-ms", type=float, help="Mean time a response takes a slot. Default: 1000.")
@click.option("--speed", type=float, help="Response audio, times real time. Default: 5.")
@click.option(
    "--null",
    is_flag=True,
    default=None,
    help="No VAD: the last sample that is not zero ends a turn.",
)
@click.option("--exit-with-stdin", is_flag=True, help="End when standard input ends.")
def command(
    file: Path | None,
    preset: str | None,
    faults: tuple[str, ...],
    delta_ms: str | None,
    tool: str | None,
    slots: int | None,
    service_ms: float | None,
    api_key_env: str | None,
    auth_status: str,
    exit_with_stdin: bool,
    **given: Any,
) -> int:
    """Serve a Realtime API with known latencies, until interrupted."""
    if "list" in faults:
        _list_faults()
        return ExitCode.PASS
    config = (
        SimulatorConfig(port=_DEFAULT_PORT) if file is None else read_config(file, _DEFAULT_PORT)
    )
    changes = {name: value for name, value in given.items() if value is not None}
    if preset is not None:
        changes["preset"] = find_preset(preset)
    elif changes.get("null") and file is None:
        changes["preset"] = find_preset(NULL_PRESET)
    if delta_ms is not None:
        changes["delta_sizes"] = _sizes(delta_ms)
    if tool is not None:
        changes["tools"] = parse_tool(tool)
    if slots is not None or service_ms is not None:
        changes["capacity"] = _capacity(config.capacity, slots, service_ms)
    config = replace(
        config,
        **changes,
        faults=(*config.faults, *map(parse_fault, faults)),
        api_key=_key(api_key_env),
        refuse_at_upgrade=auth_status == "401",
    )
    if not environment.is_loopback(config.host):
        print(f"harness: listening beyond this machine, on {config.host}", file=sys.stderr)
    if config.corpus is not None:
        config = replace(config, answers=_answers(config.corpus, config.channel, config.seed))
    elif config.channel is not None:
        raise BadInput("needs --corpus as well", where="--channel")
    if config.transcripts is not None:
        config = replace(config, transcripts=_known(config.transcripts))
    # What it reads late it takes for late, and its truth is what measurements are held against.
    with before_others(AUDIO):
        serve(config, announce=_announce, end_with_stdin=exit_with_stdin)
    return ExitCode.PASS


def _answers(corpus: str, channel: str | None, seed: int) -> tuple[Answer, ...]:
    chosen = channel_from(channel)
    with TerminalProgress() as progress:
        speech = obtain_corpus(corpus, environment.cache_dir(), progress, channel=chosen)
    return answers_from(speech, seed)


def _known(rule: TranscriptRule) -> TranscriptRule:
    with TerminalProgress() as progress:
        speech = obtain_corpus(rule.corpus, environment.cache_dir(), progress)
    return replace(rule, frames=frames_of(speech))


def _sizes(text: str) -> DeltaSizes:
    try:
        sizes = [int(word) for word in text.split(",")]
    except ValueError:
        sizes = []
    if len(sizes) not in (1, 2):
        raise BadInput(
            "not one or two whole numbers", where=f"--delta-ms {text}", hint="100, or 20,200"
        )
    return DeltaSizes(min(DeltaSizes().first_ms, sizes[0]), sizes[0], sizes[-1])


def _capacity(
    rule: CapacityRule | None, slots: int | None, service_ms: float | None
) -> CapacityRule:
    """Return what is said of capacity, on top of what a file says."""
    changes: dict[str, Any] = {"slots": slots, "service_ms": service_ms}
    changes = {name: value for name, value in changes.items() if value is not None}
    if rule is not None:
        return replace(rule, **changes)
    if slots is None:
        raise BadInput("needs --slots as well", where="--service-ms")
    return CapacityRule(**changes)


def _announce(address: str) -> None:
    print(f"listening on {address}", flush=True)


def _list_faults() -> None:
    width = max(map(len, FAULTS))
    for name, (words, size) in FAULTS.items():
        print(f"{name:{width}}  {words}{f' ({size:g})' if size else ''}")


def _key(name: str | None) -> str | None:
    if name is None:
        return None
    key = environment.secret(name)
    if key is None:
        raise BadInput(
            "the environment variable is not set", where=name, hint="Put the key to ask for in it"
        )
    return key
