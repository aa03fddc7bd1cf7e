"""`harness corpus`: which recorded speech there is, getting it, looking at its marks."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.terminal import TerminalProgress
from harness.corpus import (
    DISK_MB,
    FORMATS,
    KNOWN_CORPORA,
    KNOWN_NOISES,
    Agreement,
    Corpus,
    agreement,
    annotate_manifest,
    channel_from,
    disk_bytes,
    doubtful,
    encoded_folder,
    hand_marks,
    import_corpus,
    kept_bytes,
    load_sound,
    obtain_corpus,
    obtain_noise,
    partials_beside,
    transform_clips,
    validate_manifest,
)
from harness.environment import cache_dir
from harness.errors import ExitCode, sanitised
from harness.model import Clip, Progress

if TYPE_CHECKING:
    from harness.report.review import DoubtfulClip

_processes = click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=os.cpu_count() or 1,
    show_default="one a core",
    help="Processes that mark speech.",
)

_channel = click.option(
    "--channel",
    metavar="left|right|N",
    help="The caller's channel; N counts from 0. Default: as listed, else the first.",
)


@click.group(name="corpus", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Obtain and look at recorded speech."""


@command.command(name="list", short_help="List what is available by name.")
def list_corpora() -> None:
    """List the corpora, and the noise to mix into them, that are available by name."""
    cache = cache_dir()
    speech = [
        (known.name, _state(known.folder(cache), known.size, known.address), known.licence)
        for known in KNOWN_CORPORA
    ]
    noise = [
        (known.name, _state(known.folder(cache), known.size, known.archive.address), known.licence)
        for known in KNOWN_NOISES
    ]
    widths = [max(map(len, column)) + 2 for column in zip(*speech, *noise, strict=True)]
    for cells, corpus in zip(speech, KNOWN_CORPORA, strict=True):
        click.echo(_columns(cells, widths) + corpus.about)
    click.echo("\nTo degrade speech with (harness corpus transform):")
    for cells, collection in zip(noise, KNOWN_NOISES, strict=True):
        click.echo(_columns(cells, widths) + collection.about)
    click.echo("\nAny folder of audio files and any manifest will do too: --corpus DIR|FILE.jsonl")
    kept = encoded_folder(cache).bytes_kept()
    click.echo(
        f"Encoded speech takes {kept / 1e6:.0f} MB of the cache, of at most"
        f" {disk_bytes() >> 20} MB ({DISK_MB})"
    )


@command.command(short_help="Get a corpus or noise into the cache.")
@click.argument("name", required=False)
@_processes
def fetch(name: str | None, processes: int) -> None:
    """Get a corpus into the cache and mark its speech; without NAME, the default one.

    Address, size and licence are shown before anything is fetched.
    """
    for noise in KNOWN_NOISES:
        if noise.name == name:
            click.echo(f"{noise.archive.address}, {noise.size}, licence: {noise.licence}", err=True)
            with TerminalProgress() as progress:
                click.echo(obtain_noise(noise, cache_dir(), progress))
            return
    for known in KNOWN_CORPORA:
        if known.name == name and not known.cached(cache_dir()):
            click.echo(f"{known.address}, {known.size}, licence: {known.licence}", err=True)
    corpus = _obtain(name, processes)
    facts = corpus.facts
    click.echo(f"{facts.name}: {facts.clips} clips; licence: {facts.licence}; {facts.source}")


@command.command(short_help="Show a corpus and every clip in it.")
@click.argument("name", required=False)
@_channel
def show(name: str | None, channel: str | None) -> None:
    """Show what is known of a corpus, by name or folder, and of every clip in it."""
    corpus = _obtain(name, channel=channel_from(channel))
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


@command.command(name="import", short_help="Make a manifest of a collection.")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Manifest to write.")
@click.option(
    "--format",
    "format_name",
    type=click.Choice([form.name for form in FORMATS]),
    help="How the collection is described; recognised when not named.",
)
@click.option("--no-annotate", is_flag=True, help="Leave marking to when the corpus is used.")
@click.option("--strict", is_flag=True, help="Refuse the whole when a part cannot be used.")
@click.option(
    "--root",
    type=click.Path(path_type=Path),
    help="Folder that the paths of the list must stay in. Default: the list's own.",
)
@_channel
@_processes
def import_command(
    path: Path,
    out: Path,
    format_name: str | None,
    root: Path | None,
    channel: str | None,
    no_annotate: bool,
    strict: bool,
    processes: int,
) -> None:
    """Make a manifest of the collection at PATH, a folder or a list; PATH is only read."""
    with TerminalProgress() as progress:
        done = import_corpus(
            path,
            out,
            progress,
            format_name=format_name,
            annotated=not no_annotate,
            strict=strict,
            processes=processes,
            root=root,
            channel=channel_from(channel),
        )
    unmarked = f", {done.unmarked} not marked yet" if done.unmarked else ""
    click.echo(f"{out}: {done.clips} clips read as {done.format}{unmarked}")
    if done.left_out:
        click.echo(f"left out: {len(done.left_out)}, first {done.left_out[0]}")
    _tell_doubtful(done.doubtful)


@command.command(short_help="Compare a manifest with its files.")
@click.argument("manifest", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def validate(manifest: Path) -> int:
    """Compare a manifest with the bytes of its files; exit code 1 when something does not hold."""
    with TerminalProgress() as progress:
        found = validate_manifest(manifest, progress)
    for line in found.wrong:
        click.echo(sanitised(line))
    click.echo(
        f"{found.clips} clips hold, {len(found.wrong)} do not,"
        f" {found.unmarked} not marked yet, {found.skipped} skipped"
    )
    return ExitCode.FAIL if found.wrong else ExitCode.PASS


@command.command(short_help="Mark where speech ends, and look at the marks.")
@click.argument("source")
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="JSON Lines with marks read by hand: print how far ours are from them.",
)
@click.option("--review", type=click.Path(path_type=Path), help="Page of doubtful clips to write.")
@_channel
@_processes
def annotate(
    source: str, against: Path | None, review: Path | None, channel: str | None, processes: int
) -> None:
    """Mark the speech of SOURCE, a manifest (written back), a folder or a corpus by name."""
    folder, clips = _marked(source, processes, channel_from(channel))
    click.echo(f"{len(clips)} clips marked")
    if against is not None:
        _tell_agreement(agreement(clips, hand_marks(against)))
    in_doubt = [clip for clip in clips if doubtful(clip.speech_end_s, clip.second_end_s)]
    _tell_doubtful(in_doubt)
    if review is not None:
        from harness.report.review import write_review

        with TerminalProgress() as progress:
            drawn = _drawn(folder, in_doubt, progress)
            shown = write_review(review, "Speech ends in doubt", drawn)
        click.echo(f"{review}: {shown} clips to look through")


@command.command(short_help="Make the same speech under other conditions.")
@click.argument("source")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to make.")
@click.option(
    "--condition",
    "conditions",
    multiple=True,
    required=True,
    metavar="NAME=STEPS",
    help="Repeat for each; steps are joined by +: loudness:DBFS telephone:mulaw|alaw"
    " noise:SNR[:FOLDER] clip:DB reverb:FOLDER speed:FACTOR, or clean.",
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@_channel
@_processes
def transform(
    source: str,
    out: Path,
    conditions: tuple[str, ...],
    seed: int,
    channel: str | None,
    processes: int,
) -> None:
    """Write SOURCE under every condition, each utterance in all of them, with a manifest."""
    named = dict(_named_condition(words) for words in conditions)
    folder, clips = _marked(source, processes, channel_from(channel))
    with TerminalProgress() as progress:
        manifest = transform_clips(folder, clips, named, seed, out, progress)
    click.echo(f"{manifest}: {len(clips)} utterances under {', '.join(named)}")


def _state(folder: Path, size: str, address: str) -> str:
    """Say whether a folder of the cache is there, and if not, how much is still to come."""
    if folder.is_dir():
        return "cached"
    if size == "nothing":
        return "made here"
    kept = kept_bytes(partials_beside(folder), address)
    return f"{kept / 1e6:.0f} MB of {size} fetched" if kept else f"{size} to fetch"


def _columns(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))


def _named_condition(words: str) -> tuple[str, str]:
    """Return name and steps; a condition without a name is called by its steps."""
    name, found, steps = words.partition("=")
    return (name, steps) if found else (words.replace(":", "-"), words)


def _marked(source: str, processes: int, channel: int | None) -> tuple[Path, list[Clip]]:
    """Return the folder and the marked clips of anything that holds speech."""
    path = Path(source)
    if not (source.endswith(".jsonl") and path.is_file()):
        corpus = _obtain(source, processes, channel)
        return corpus.folder, list(corpus.clips)
    with TerminalProgress() as progress:
        folder, entries = annotate_manifest(path, progress, processes=processes)
    clips = [entry for entry in entries if isinstance(entry, Clip)]
    return folder, [clip for clip in clips if channel in (None, clip.channel)]


def _tell_agreement(found: Agreement) -> None:
    """Print every error and what they come to."""
    width = max(len(name) for name in found.errors_ms)
    click.echo(f"{'clip':<{width}}  error ms")
    for name, error_ms in found.errors_ms.items():
        click.echo(f"{name:<{width}}  {error_ms:+8.0f}")
    click.echo(
        f"within 60 ms {found.within_share:.1%} of {len(found.errors_ms)}, mean absolute"
        f" {found.mean_abs_ms:.1f} ms, median {found.median_ms:+.1f} ms,"
        f" worst {found.worst_ms:.0f} ms, clamped to the clip's end {found.clamped}"
    )


def _tell_doubtful(clips: Sequence[Clip]) -> None:
    """Say on how many ends two methods disagree, and name the first."""
    if clips:
        names = ", ".join(clip.id for clip in clips[:8]) + (" …" if len(clips) > 8 else "")
        click.echo(f"two methods disagree by more than 120 ms on {len(clips)}: {names}")


def _drawn(folder: Path, clips: Sequence[Clip], progress: Progress) -> "Iterator[DoubtfulClip]":
    """Yield what the review page draws, one clip in memory at a time."""
    from harness.report.review import DoubtfulClip

    progress.step("drawing clips to look through", "clips")
    for done, clip in enumerate(clips):
        progress.advance(done, len(clips))
        assert clip.second_end_s is not None
        samples, rate_hz = load_sound(folder, clip)
        yield DoubtfulClip(
            name=clip.id,
            transcript=clip.transcript,
            samples=samples,
            rate_hz=rate_hz,
            end_s=clip.speech_end_s,
            end_source=clip.end_source,
            second_end_s=clip.second_end_s,
            second_source=clip.second_source,
        )
    progress.advance(len(clips), len(clips))


def _obtain(name: str | None, processes: int = 1, channel: int | None = None) -> Corpus:
    """Obtain a corpus while showing progress."""
    with TerminalProgress() as progress:
        return obtain_corpus(name, cache_dir(), progress, processes=processes, channel=channel)
