"""Several corpora as one: ids stay apart, since each begins with the name of its corpus."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from harness.corpus.sources.obtain import Corpus
from harness.errors import BadInput
from harness.model import CorpusFacts


def pool(corpora: Mapping[str, Corpus]) -> Corpus:
    """Return one corpus that holds the clips of all, or the corpus itself where it is one alone.

    Args:
        corpora: Corpora by the names they were asked for, at least one; two names of the same
            corpus are no two corpora.

    Raises:
        BadInput: Two different ones have the same name.
    """
    by_name: dict[str, Corpus] = {}
    for corpus in corpora.values():
        name = corpus.facts.name
        if by_name.setdefault(name, corpus) != corpus:
            raise BadInput(
                "two different corpora have this name",
                where=f"corpus {name}",
                hint="Rename the folder or the manifest of one",
            )
    if len(by_name) == 1:
        return next(iter(by_name.values()))
    clips = tuple(
        replace(clip, id=corpus.facts.prefix + clip.id, path=str(corpus.folder / clip.path))
        for corpus in by_name.values()
        for clip in corpus.clips
    )
    facts = _facts(tuple(corpus.facts for corpus in by_name.values()))
    return Corpus(facts=facts, folder=Path(), clips=clips, parts=dict(corpora))


def _facts(parts: tuple[CorpusFacts, ...]) -> CorpusFacts:
    """Sum up what a report must say, the same whatever the order of the parts."""
    digests = "\n".join(sorted(f"{part.name} {part.digest}" for part in parts))
    return CorpusFacts(
        name=", ".join(part.name for part in parts),
        synthetic=any(part.synthetic for part in parts),
        clips=sum(part.clips for part in parts),
        digest=hashlib.sha256(digests.encode()).hexdigest(),
        licence=_each(part.licence for part in parts),
        source=_each(part.source for part in parts),
        end_source=_each(part.end_source for part in parts),
        end_uncertainty_ms=max(part.end_uncertainty_ms for part in parts),
        parts=parts,
    )


def _each(words: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(words))
