"""Words and when they are spoken: Praat's TextGrid and NIST's CTM."""

import re
from dataclasses import dataclass
from pathlib import Path

from harness.corpus.formats.reading import channel_number, lines

_SILENCES = frozenset({"", "sil", "sp", "spn", "<eps>", "<sil>", "silence", "pau", "_", "#"})
_LARGEST_BYTES = 20_000_000
_TOKEN = re.compile(
    r'"((?:[^"]|"")*)"|(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?=\s|$)|(<exists>|<absent>)'
)


@dataclass(frozen=True, slots=True)
class Word:
    """One word, from its beginning to its end."""

    text: str
    start_s: float
    end_s: float


def textgrid_words(path: Path, stem: str, channel: int = 0) -> list[Word]:
    """Return the words of a TextGrid in either of its text forms, in order of time.

    They come from the tier called `words` or `word`, else from the first tier of intervals.
    """
    del stem, channel
    if path.stat().st_size > _LARGEST_BYTES:
        return []
    tiers = _tiers(_decoded(path.read_bytes()))
    for name, words in tiers:
        if name.lower().rpartition("-")[2].strip() in ("words", "word"):
            return words
    return tiers[0][1] if tiers else []


def ctm_words(path: Path, stem: str, channel: int = 0) -> list[Word]:
    """Return the words of a CTM file, of the recording called `stem` if it names several.

    Where it has words of several channels only those of `channel`, from 0, count. A line is
    `recording channel start duration word [confidence]`.
    """
    rows = [line.split() for _, line in lines(path) if not line.startswith(";;")]
    rows = [row for row in rows if len(row) >= 5]
    chosen = [row for row in rows if row[0] == stem] or (
        rows if len({row[0] for row in rows}) == 1 else []
    )
    if len({row[1] for row in chosen}) > 1:
        chosen = [row for row in chosen if channel_number(row[1]) == channel]
    words = []
    for _, _, start, length, said, *_ in chosen:
        try:
            start_s = float(start)
            words.append(Word(said, start_s, start_s + float(length)))
        except ValueError:
            continue
    return _spoken(words)


def _decoded(content: bytes) -> str:
    for mark, encoding in (
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
        (b"\xef\xbb\xbf", "utf-8-sig"),
    ):
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    return content.decode("utf-8", errors="replace")


def _tiers(content: str) -> list[tuple[str, list[Word]]]:
    """Return the interval tiers: names and spoken words.

    Praat reads its files as a stream of numbers and quoted texts and skips everything else; so
    does this. The stream is: file type, class, xmin, xmax, <exists>, tiers, and per tier class,
    name, xmin, xmax, count, and per interval start, end, text.
    """
    # Numbers in brackets are indices of the long form, words before `=` its labels.
    flat = re.sub(r"\[\s*\d*\s*\]", " ", content)
    tokens = [
        text.replace('""', '"') if text or not other else other
        for text, other, flag in _TOKEN.findall(flat)
        if not flag
    ]
    stream = iter(tokens[4:])
    tiers: list[tuple[str, list[Word]]] = []
    try:
        for _ in range(int(next(stream))):
            kind, name = next(stream), next(stream)
            next(stream), next(stream)
            words = []
            for _ in range(int(next(stream))):
                if kind == "IntervalTier":
                    start_s, end_s = float(next(stream)), float(next(stream))
                    words.append(Word(next(stream), start_s, end_s))
                else:
                    next(stream), next(stream)
            if kind == "IntervalTier":
                tiers.append((name, _spoken(words)))
    except (StopIteration, ValueError):
        return tiers
    return tiers


def _spoken(words: list[Word]) -> list[Word]:
    """Return the words that are no silence, in order of time."""
    heard = [word for word in words if word.text.strip().lower() not in _SILENCES]
    return sorted(heard, key=lambda word: word.start_s)
