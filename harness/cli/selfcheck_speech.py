"""`harness selfcheck speech`: what it takes to annotate, encode and cache an hour of speech."""

import os
from pathlib import Path

import click

from harness.cli.figures import shown
from harness.cli.json_file import json_option, write_json
from harness.cli.terminal import TerminalProgress
from harness.errors import ExitCode


@click.command("speech")
@json_option
@click.option(
    "--clips",
    type=click.IntRange(1, 100_000),
    default=1_000,
    show_default=True,
    help="Recordings of 3.6 s on average; 1000 are an hour.",
)
@click.option(
    "--processes", type=click.IntRange(1), help="Processes that annotate; all cores by default."
)
def command(target: Path | None, clips: int, processes: int | None) -> int:
    """Measure what it takes to annotate, encode and cache recorded speech.

    Generated recordings, no two alike, are imported as a folder is, and then made ready twice as a
    run does: cold, with an empty cache, and warm.
    """
    # Importing it loads the audio engine, which `--help` does not need.
    from harness.bench.speech_cache import measure

    with TerminalProgress() as progress:
        found = measure(clips, processes or os.cpu_count() or 1, progress)
    annotated, speech_s = found["annotate"], found["speech_s"]
    click.echo(f"speech     {clips} recordings, {speech_s:.0f} s")
    click.echo(f"annotate   {annotated['s']:.2f} s with {annotated['processes']} processes")
    for name in ("cold", "warm"):
        step = found[name]
        click.echo(
            f"{name:<10} {step['s']:.2f} s; {step['ready_mb']} MB ready to send,"
            f" {shown(step['resident_mb'])} MB of memory, {step['disk_mb']} MB on disk"
        )
    write_json(target, found)
    return ExitCode.PASS
