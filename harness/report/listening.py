"""The turns that were recorded, to be listened to on the page.

The page links to the files beside it and holds none of their sound, only their waveforms.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from harness.analysis.worst_turns import badness
from harness.corpus import Unreadable, read_stereo
from harness.errors import sanitised
from harness.model import NS_PER_S, RecordedFor, Recording, Run, RunEventKind, TurnRecord
from harness.recording import AUDIO, read_recordings, replace_file
from harness.report.blocks import Html, Section
from harness.report.formatting import counted, number
from harness.report.waveform import Mark, waveform

SHOWN = 15
"""Turns of each kind that have a player; with more the page would grow heavy."""

_GAPS_LISTED = 8
_BESIDE = "beside.svg"
_DOT = b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>\n'
_KINDS = (RecordedFor.SLOWEST, RecordedFor.FAILED, RecordedFor.PREMATURE)
_TITLES = {
    RecordedFor.SLOWEST: "Slowest",
    RecordedFor.FAILED: "Failed",
    RecordedFor.PREMATURE: "Premature",
}
_MARKS = (
    ("speech_end_ns", "end", "Speech end"),
    ("server_endpoint_ns", "endpoint", "Endpoint"),
    ("first_audio_ns", "audio", "First audio"),
    ("first_audible_ns", "audible", "First audible"),
    ("answer_audible_ns", "audible", "Answer audible"),
)
_INTERRUPTION = (
    ("barge_in_onset_ns", "barge", "Barge-in"),
    ("audio_stopped_ns", "stopped", "Agent stopped"),
)
_SAYS = (
    (
        "The caller is left and above, the agent right and below, as the caller heard them: at"
        " their playout, with underruns as silence, without what an interruption cut off."
    ),
    "The players need the folder audio beside this page.",
    "Recordings hold voices: give them only to those who may hear them.",
)

Turns = Mapping[tuple[str, int], TurnRecord]


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """One turn to listen to.

    Attributes:
        title: Which turn.
        under: What came of it.
        address: Of the file, relative to the page.
        picture: Its waveform.
        marks: What happened in it, in order.
        gaps_s: From when to when the agent's audio had run out, the first few.
    """

    title: str
    under: str
    address: str
    picture: Markup
    marks: tuple[Mark, ...]
    gaps_s: tuple[tuple[float, float], ...]


def sections(path: Path, run: Run) -> list[Section]:
    """Return the section of a run that recorded turns; nothing for any other.

    Args:
        path: The run's folder, which the page is written to.
        run: Its records.

    Raises:
        BadInput: The list of recordings is not as it was written, or the folder is read-only.
    """
    recordings = read_recordings(path)
    told = [event.detail for event in run.events if event.kind is RunEventKind.RECORDINGS]
    if not recordings and not told:
        return []
    turns = {(turn.session_id, turn.turn_index): turn for turn in run.turns}
    found = [entry for entry in recordings if entry.turn in turns]
    chosen = _chosen(found, turns)
    groups = {
        _TITLES[kind]: tuple(_players(path / AUDIO, entries, turns))
        for kind, entries in chosen.items()
    }
    shown = sum(map(len, groups.values()))
    notes = [f"{sanitised(detail)}." for detail in told]
    if gone := sum(map(len, chosen.values())) - shown:
        notes.append(f"{counted(gone, 'recording')} cannot be played: the files are not there.")
    if more := len(found) - shown - gone:
        notes.append(f"{counted(more, 'recording')} more in the folder audio, without a player.")
    if shown:
        replace_file(path / AUDIO / _BESIDE, _DOT)
    return [
        Section(
            id="listen",
            title="Listen to it",
            says=_SAYS,
            parts=(_block(groups, notes, has_players=shown > 0),),
        )
    ]


def _chosen(recordings: Sequence[Recording], turns: Turns) -> dict[RecordedFor, list[Recording]]:
    """Return the recordings that get a player, the worst of each kind first."""
    found: dict[RecordedFor, list[tuple[float, Recording]]] = {kind: [] for kind in _KINDS}
    for entry in recordings:
        bad = badness(turns[entry.turn])
        if bad is not None:
            found[bad[0]].append((bad[1], entry))
    return {
        kind: [entry for _, entry in sorted(ranked, key=lambda one: -one[0])[:SHOWN]]
        for kind, ranked in found.items()
        if ranked
    }


def _players(folder: Path, recordings: Sequence[Recording], turns: Turns) -> Iterator[Player]:
    """Yield a player for each recording whose file is there."""
    for entry in recordings:
        try:
            samples, rate_hz = read_stereo(folder / entry.file)
        except Unreadable:
            continue
        if not len(samples):
            continue
        turn = turns[entry.turn]
        marks = _marks(entry, turn, turns, len(samples) / rate_hz)
        title = f"{sanitised(turn.session_id)}, turn {turn.turn_index + 1}"
        gaps_s = [(_since(entry, begin), _since(entry, end)) for begin, end in entry.underruns_ns]
        label = f"{title}: " + ", ".join(f"{mark.label} at {mark.at_s:.2f} s" for mark in marks)
        yield Player(
            title=title,
            under=_under(turn, len(gaps_s)),
            address=f"{AUDIO}/{quote(entry.file)}",
            picture=waveform(samples, rate_hz, marks, gaps_s, label),
            marks=marks,
            gaps_s=tuple(gaps_s[:_GAPS_LISTED]),
        )


def _under(turn: TurnRecord, underruns: int) -> str:
    """Return what came of a turn, in a few words."""
    at, words = turn.at, [str(turn.status).replace("_", " ")]
    if at.first_audible_ns is not None and at.speech_end_ns is not None:
        latency_ms = (at.first_audible_ns - at.speech_end_ns) / 1e6
        words.insert(0, f"voice to voice {number(latency_ms)} ms")
    if turn.fault is not None:
        words.append(sanitised(str(turn.fault)))
    if underruns:
        words.append(counted(underruns, "underrun"))
    return ", ".join([*words, f"network {sanitised(turn.network)}"])


def _marks(entry: Recording, turn: TurnRecord, turns: Turns, length_s: float) -> tuple[Mark, ...]:
    """Return what happened during a recording, in order; also what the next turn did to it."""
    following = turns.get((turn.session_id, turn.turn_index + 1))
    wanted = [(turn, names) for names in (*_MARKS, *_INTERRUPTION)]
    if following is not None:
        wanted += [(following, names) for names in _INTERRUPTION]
    found: dict[tuple[str, float], Mark] = {}
    for of, (name, kind, label) in wanted:
        at_ns: int | None = getattr(of.at, name)
        if at_ns is None or not 0 <= (at_s := _since(entry, at_ns)) <= length_s:
            continue
        # The answer is mostly the first that was audible.
        found.setdefault((kind, at_s), Mark(kind, label, at_s))
    return tuple(sorted(found.values(), key=lambda mark: mark.at_s))


def _since(entry: Recording, at_ns: int) -> float:
    return (at_ns - entry.start_ns) / NS_PER_S


def _block(
    groups: Mapping[str, tuple[Player, ...]], notes: Sequence[str], *, has_players: bool
) -> Html:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    template = environment.get_template("listening.html.j2")
    beside = f"{AUDIO}/{_BESIDE}" if has_players else ""
    words = template.render(groups=groups, notes=notes, beside=beside)
    return Html(markup=Markup(words))  # noqa: S704 - escaped by the template
