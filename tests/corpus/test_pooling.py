from dataclasses import replace
from pathlib import Path

import pytest

from harness.corpus import Corpus, EncodedStore, obtain_corpus, pool
from harness.errors import BadInput
from harness.model import AudioFormat, NoProgress

PCM = AudioFormat(24_000)


def named(name: str, made: Corpus, first: int) -> Corpus:
    """Return two of the clips under ids that another corpus has as well."""
    clips = made.clips[first : first + 2]
    return replace(
        made,
        facts=replace(made.facts, name=name, clips=2, digest=name, synthetic=name == "made"),
        clips=tuple(replace(clip, id=id_) for id_, clip in zip("ab", clips, strict=True)),
    )


@pytest.fixture
def made(tmp_path: Path) -> Corpus:
    return obtain_corpus("synthetic", tmp_path, NoProgress())


def test_clips_of_the_same_id_stay_apart_with_their_own_audio(made: Corpus, tmp_path: Path) -> None:
    one, other = named("made", made, 0), named("said", made, 2)
    pooled = pool({"x": one, "y": other})
    assert [clip.id for clip in pooled.clips] == ["made/a", "made/b", "said/a", "said/b"]
    assert pooled.parts == {"x": one, "y": other}
    heard = EncodedStore(pooled, PCM, tmp_path)
    for part in (one, other):
        own = EncodedStore(part, PCM, tmp_path / "apart")
        for clip in part.clips:
            assert heard.get(part.facts.prefix + clip.id) == own.get(clip.id)


def test_what_a_report_says_covers_every_part(made: Corpus) -> None:
    one, other = named("made", made, 0), named("said", made, 2)
    facts, turned = (
        pool(parts).facts for parts in ({"x": one, "y": other}, {"y": other, "x": one})
    )
    assert (facts.name, facts.clips, facts.parts) == ("made, said", 4, (one.facts, other.facts))
    assert facts.digest == turned.digest
    assert facts.digest not in (one.facts.digest, other.facts.digest)
    assert facts.synthetic
    assert facts.synthetic_part == "made"
    assert made.facts.synthetic_part == ""
    changed = replace(other, facts=replace(other.facts, digest="changed"))
    assert pool({"x": one, "y": changed}).facts.digest != facts.digest


def test_one_corpus_under_two_names_is_itself(made: Corpus) -> None:
    assert pool({"": made, "synthetic": made}) is made


def test_two_corpora_of_one_name_are_refused(made: Corpus) -> None:
    with pytest.raises(BadInput, match="corpus made: two different corpora have this name"):
        pool({"a/made": named("made", made, 0), "b/made": named("made", made, 2)})
