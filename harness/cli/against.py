"""`harness run --against A --against B`: the same words to several targets, in turns.

Every turn is a `harness run` of its own. A round holds each target once, with the same seed; the
next one goes the other way round, so that what drifts meanwhile does not fall on one of them.
"""

import ast
import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from harness.analysis.against import HeldTarget, compare_targets
from harness.cli.merging import merge_directories
from harness.cli.run_options import VOICE, check_cascade, checked_options
from harness.cli.run_series import RunSeries
from harness.cli.summarising import recorded, summarise_directory
from harness.clock import now_ns, wall_time
from harness.corpus import obtain_corpus
from harness.environment import cache_dir
from harness.errors import BadInput, ExitCode, RunInvalid, sanitised
from harness.load.options import Options
from harness.load.targets import SIMULATOR
from harness.model import NS_PER_S, NoProgress, RunManifest
from harness.recording import read_manifest, reserve, write_summary
from harness.recording.against import write_against
from harness.report import write_report
from harness.report.against import write_comparison
from harness.report.against_text import comparison_text
from harness.simulator import find_preset, read_config

_ROUNDS = 2
# The same calls are compared, so that calls and not time end a run where nobody says what does.
_CALLS, _ENDS = 20, ("calls", "run_time", "arrivals")
_CASCADE = "cascade"
_MOST_TARGETS = 8
_LETTERS = "ABCDEFGH"


@dataclass(frozen=True, slots=True)
class _Target:
    """One target.

    Attributes:
        letter: Its letter, in names of files.
        name: As it was given, made unique.
        words: What tells a `harness run` to hold it.
        made: Folders of its runs.
    """

    letter: str
    name: str
    words: tuple[str, ...]
    made: list[Path] = field(default_factory=list)


def run_against(
    locustfile: Path,
    names: Sequence[str],
    rounds: int | None,
    given: dict[str, Any],
    extra: Sequence[str],
) -> int:
    """Hold targets with the same words in turns, compare them, and return the exit code.

    Args:
        locustfile: The scenario.
        names: The targets, as they were given.
        rounds: How often each is held; `None` for the default.
        given: Other options of the command, by their names.
        extra: Words that go to Locust.

    Raises:
        BadInput: No run can be made, or one was refused.
        RunInvalid: There is no round with a run of every target, or a target's rounds differ.
        click.Abort: It was interrupted before the first round was complete.
    """
    given = dict(given)
    seed, reports = given.pop("seed"), given.pop("reports")
    if not any(given[name] for name in _ENDS) and not _has_shape(locustfile):
        given["calls"] = _CALLS
    voice = VOICE.words(given)
    targets = _targets(names, [*voice, *_pair("--seed", seed)], given)
    rounds = rounds or _ROUNDS
    first_seed = VOICE.read(_pair("--seed", seed)).seed
    folder = reserve(
        Path(reports or VOICE.read([]).reports),
        f"against-{locustfile.stem}",
        wall_time().date(),
    )
    common = [word for name, value in given.items() for word in _option(name, value)]
    series = RunSeries(folder, str(locustfile), (*common, *voice, *extra))
    try:
        cut_short = _hold(series, targets, rounds, first_seed)
    except BadInput:
        if not any(target.made for target in targets):
            shutil.rmtree(folder, ignore_errors=True)
        raise
    complete = min(len(target.made) for target in targets)
    if not complete:
        raise RunInvalid(cut_short, hint=f"What the runs printed is in {folder}")
    document = compare_targets(
        [_held(target, folder, complete) for target in targets],
        rounds_planned=rounds,
        transcripts=_transcripts(read_manifest(targets[0].made[0]), VOICE.read(voice).corpus),
        cut_short=cut_short,
    )
    write_against(folder / "against.json", document)
    page = write_comparison(folder, document)
    click.echo(comparison_text(document))
    click.echo(f"\n{'comparison':<17}{page}")
    return document.exit_code


def _has_shape(locustfile: Path) -> bool:
    """Return whether a scenario says itself how its load goes on; the file is not run."""
    try:
        tree = ast.parse(locustfile.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        # The run itself says what is wrong with it.
        return False
    classes = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    return any(ast.unparse(base).endswith("Shape") for one in classes for base in one.bases)


def _pair(option: str, value: str | None) -> list[str]:
    return [] if value is None else [option, value]


def _option(name: str, value: Any) -> list[str]:
    return [] if value is None else [f"--{name.replace('_', '-')}", str(value)]


def _targets(names: Sequence[str], voice: Sequence[str], given: dict[str, Any]) -> list[_Target]:
    """Return the targets, each of which a session was opened with.

    Raises:
        BadInput: There are too few or too many, one is unknown, or one cannot be called.
    """
    if not 2 <= len(names) <= _MOST_TARGETS:
        raise BadInput(
            f"needs 2 to {_MOST_TARGETS} targets, got {len(names)}",
            where="--against",
            hint="Give each with an --against of its own; simulator is one that needs no key",
        )
    targets: list[_Target] = []
    for letter, given_name in zip(_LETTERS, names, strict=False):
        words, shown = _started(given_name, VOICE.read(voice).dialect)
        host = None if words else given_name
        options, address = _checked(voice, host, given["run_time"])
        if address is not None:
            reached = _open_a_session(options)
            shown = reached if address == given_name else given_name
        name = _unique(sanitised(shown), [target.name for target in targets])
        targets.append(_Target(letter, name, words or ("--host", given_name)))
    return targets


def _checked(
    voice: Sequence[str], host: str | None, run_time: str | None
) -> tuple[Options, str | None]:
    """Return a target's options and address, as a run would have them.

    Raises:
        BadInput: No run can be made with them; the option is called as it was given.
    """
    try:
        _, options, address = checked_options(voice, host, run_time)
    except BadInput as error:
        where = error.where.replace("--host", "--against", 1)
        raise BadInput(error.what, where=where, hint=error.hint) from error
    return options, address


def _started(given: str, dialect: str) -> tuple[tuple[str, ...], str]:
    """Return what has a run start its target itself, and what to call that.

    Nothing where the target is an address or a name. Of a file its name alone is shown, since this
    goes into reports.

    Raises:
        BadInput: There is no such preset, or the file cannot be used.
    """
    kind, _, variant = given.partition(":")
    file = Path(variant)
    if kind == SIMULATOR:
        simulator = ("--host", SIMULATOR)
        if not variant:
            return simulator, given
        if file.suffix == ".toml":
            read_config(file)
            return (*simulator, "--simulator-config", variant), f"{kind}:{file.name}"
        find_preset(variant)
        return (*simulator, "--preset", variant), given
    if kind == _CASCADE and variant:
        check_cascade(file, dialect, {})
        return ("--cascade", variant), f"{kind}:{file.name}"
    return (), given


def _open_a_session(options: Options) -> str:
    """Refuse a target that opens no session, before another one has been held for nothing.

    Returns:
        Its address, without credentials and query.
    """
    # The audio engine, which only this needs.
    from harness.load.run_setup import resolve_dialect, route_to_target
    from harness.load.session_check import try_sessions_alone

    # The scenario may ask for more: each run looks at that itself.
    route = route_to_target(options, resolve_dialect(options))
    try_sessions_alone(replace(options, allow_differences=True), {"": route})
    return route.address


def _unique(name: str, taken: Sequence[str]) -> str:
    """Return a name that is not taken: a target may be compared with itself."""
    number, found = 2, name
    while found in taken:
        number, found = number + 1, f"{name} ({number})"
    return found


def _hold(series: RunSeries, targets: Sequence[_Target], rounds: int, seed: int) -> str:
    """Hold every target in turn; return why that ended early, empty when it did not.

    Raises:
        BadInput: A run was refused.
        click.Abort: It was interrupted before the first round was complete.
    """
    ordered = [
        (number, target)
        for number in range(rounds)
        for target in (targets if number % 2 == 0 else reversed(targets))
    ]
    letters = " ".join(target.letter for _, target in ordered)
    click.echo(f"{len(targets)} targets in turns, {letters}: {len(ordered)} runs", err=True)
    began_ns = now_ns()
    for place, (number, target) in enumerate(ordered):
        label = f"{target.letter} {number + 1} of {rounds}"
        left = _left(now_ns() - began_ns, place, len(ordered))
        click.echo(f"{label}: {target.name}, seed {seed + number}{left}", err=True)
        try:
            code, made = series.attempt(label, seed + number, target.words)
        except click.Abort:
            if number == 0:
                raise
            return f"interrupted in round {number + 1} of {rounds}"
        if code == ExitCode.BAD_INPUT:
            raise BadInput(
                "harness run refused it",
                where=f"--against {target.name}",
                hint="What it said stands above",
            )
        if made is None or code not in (ExitCode.PASS, ExitCode.INVALID):
            return f"{label}, {target.name}: harness run ended with {code}"
        target.made.append(made)
    return ""


def _left(took_ns: int, done: int, of: int) -> str:
    """Return how long the rest takes at the pace so far; empty before the first run has ended."""
    if not done:
        return ""
    minutes = took_ns / done * (of - done) / (60 * NS_PER_S)
    return f", about {math.ceil(minutes)} min left"


def _held(target: _Target, folder: Path, rounds: int) -> HeldTarget:
    """Read a target's runs, and make one of them where there are several."""
    paths = target.made[:rounds]
    whole_path = paths[0]
    if rounds > 1:
        whole_path = folder / target.letter
        try:
            merge_directories(paths, whole_path)
        except BadInput as error:
            raise RunInvalid(
                f"its rounds cannot be put together: {error.what}",
                where=f"--against {target.name}",
                hint=f"The runs stay in {folder}",
            ) from error
    run, summary = summarise_directory(whole_path)
    if rounds > 1:
        write_summary(whole_path, summary)
        write_report(whole_path, run, summary)
    return HeldTarget(
        name=target.name,
        runs=tuple(recorded(path) for path in paths),
        folders=tuple(path.name for path in paths),
        whole=summary,
        folder=whole_path.name,
    )


def _transcripts(manifest: RunManifest, asked: str) -> dict[str, str]:
    """Return the words of a run's utterances, by their ids, as far as they are still at hand."""
    found: dict[str, str] = {}
    for facts in manifest.corpus.parts or (manifest.corpus,):
        prefix = facts.prefix if manifest.corpus.parts else ""
        try:
            corpus = obtain_corpus(asked or facts.name, cache_dir(), NoProgress())
        except BadInput:
            continue
        if corpus.facts.digest == facts.digest:
            found |= {f"{prefix}{clip.id}": sanitised(clip.transcript) for clip in corpus.clips}
    return found
