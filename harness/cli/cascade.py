"""`harness cascade`: serve a voice agent made of STT, LLM and TTS providers."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from harness import environment
from harness.cascade import LLM, STT, TTS, CascadeConfig, read_cascade, serve_cascade
from harness.engine.thread_priority import AUDIO, before_others
from harness.errors import ExitCode

_FILE = click.Path(path_type=Path, dir_okay=False)
_DEFAULT_PORT = 8766
_PARTS = {"stt": STT, "llm": LLM, "tts": TTS}


def _provider_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of each part."""
    for part, offers in reversed(_PARTS.items()):
        called = part.upper()
        options = [
            click.option(
                f"--{part}",
                f"{part}_name",
                type=click.Choice(list(offers)),
                help=f"Whose words the {called} provider speaks. Default: openai.",
            ),
            click.option(f"--{part}-url", help="Its address. Default: the provider's own."),
            click.option(f"--{part}-model", metavar="NAME", help="Its model."),
            click.option(
                f"--{part}-key-env",
                metavar="NAME",
                help="Environment variable with its key. Default: the provider's usual one, and"
                " none with an address of your own.",
            ),
            click.option(
                f"--{part}-limit",
                f"{part}_limit_s",
                type=float,
                metavar="SECONDS",
                help="Longest wait for the transcript, or for the next piece. Default: 10.",
            ),
        ]
        if part == "tts":
            options.append(click.option("--tts-voice", metavar="NAME", help="Its voice."))
        if part == "stt":
            options.append(
                click.option("--stt-language", metavar="CODE", help="Language that is spoken.")
            )
        for option in reversed(options):
            command = option(command)
    return command


@click.command("cascade")
@click.option("--config", "file", type=_FILE, help="TOML file; options given here override it.")
@click.option("--host", help="Address to listen on. Default: 127.0.0.1.")
@click.option("--port", type=int, help=f"Port; 0 is a free one. Default: {_DEFAULT_PORT}.")
@click.option("--stages", type=_FILE, help="Append the stage log here.")
@click.option("--instructions", help="The system's message where a session has none.")
@_provider_options
@click.option("--exit-with-stdin", is_flag=True, help="End when standard input ends.")
def command(file: Path | None, exit_with_stdin: bool, **given: Any) -> int:
    """Serve a voice agent of STT, LLM and TTS providers, until interrupted.

    It speaks OpenAI's Realtime words, so that every caller and scenario of harness can measure
    it. Keys come from environment variables only.
    """
    config = _with_options(read_cascade(file, _DEFAULT_PORT), given)
    if not environment.is_loopback(config.host):
        print(f"harness: listening beyond this machine, on {config.host}", file=sys.stderr)
    with before_others(AUDIO):
        serve_cascade(config, announce=_announce, end_with_stdin=exit_with_stdin)
    return ExitCode.PASS


def _with_options(config: CascadeConfig, given: dict[str, Any]) -> CascadeConfig:
    """Return a configuration with the options of the command line over it."""
    said = {name: value for name, value in given.items() if value is not None}
    for part in _PARTS:
        own = {
            name.removeprefix(f"{part}_"): said.pop(name)
            for name in tuple(said)
            if name.startswith(f"{part}_")
        }
        before = getattr(config, part)
        if own.get("name", before.name) != before.name:
            # What the file says of another provider is nothing to this one.
            before = type(before)(name=own["name"])
        said[part] = replace(before, **own)
    return replace(config, **said)


def _announce(address: str) -> None:
    print(f"listening on {address}", flush=True)
