"""`harness corpus`: which recorded speech there is, getting it, looking at its marks."""

import click

from harness.cli.terminal import TerminalProgress
from harness.corpus import KNOWN_CORPORA, Corpus, obtain_corpus
from harness.environment import cache_dir


@click.group(name="corpus", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Obtain and look at recorded speech."""


@command.command(name="list")
def list_corpora() -> None:
    """List the corpora that can be had by name, in the order they are tried."""
    cache = cache_dir()
    for known in KNOWN_CORPORA:
        state = "cached" if known.cached(cache) else f"{known.size} to fetch"
        click.echo(f"{known.name:<18}{state:<18}{known.licence:<24}{known.about}")
    click.echo("Any folder of audio files will do too: --corpus DIR")


@command.command()
@click.argument("name", required=False)
def fetch(name: str | None) -> None:
    """Get a corpus into the cache and mark its speech; without NAME, the default one."""
    corpus = _obtain(name)
    facts = corpus.facts
    click.echo(f"{facts.name}: {facts.clips} clips, {facts.licence}, from {facts.source}")


@command.command()
@click.argument("name", required=False)
def show(name: str | None) -> None:
    """Show what is known of a corpus, by name or folder, and of every clip in it."""
    corpus = _obtain(name)
    facts = corpus.facts
    kind = "synthetic speech" if facts.synthetic else "recorded speech"
    click.echo(f"corpus       {facts.name}, {kind}, {facts.clips} clips")
    click.echo(f"source       {facts.source}")
    click.echo(f"licence      {facts.licence}")
    click.echo(f"speech end   {facts.end_source}, ±{facts.end_uncertainty_ms:.0f} ms")
    click.echo(f"digest       {facts.digest}")
    width = max(len(clip.id) for clip in corpus.clips)
    click.echo(f"\n{'clip':<{width}}  length s   onset s     end s    rate  transcript")
    for clip in corpus.clips:
        click.echo(
            f"{clip.id:<{width}}  {clip.duration_s:8.3f}  {clip.speech_start_s:8.3f}"
            f"  {clip.speech_end_s:8.3f}  {clip.rate_hz:6}  {clip.transcript}"
        )


def _obtain(name: str | None) -> Corpus:
    """Obtain a corpus while showing progress."""
    with TerminalProgress() as progress:
        return obtain_corpus(name, cache_dir(), progress)
