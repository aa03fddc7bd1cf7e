"""Several user classes in one run: their schedules."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from harness.corpus import Corpus, obtain_corpus, pool
from harness.corpus.manifest import write_manifest
from harness.environment import cache_dir
from harness.errors import BadInput
from harness.load.class_schedule import (
    Calls,
    ClassSchedule,
    class_weights,
    foreseen_recordings,
    schedule_of,
)
from harness.load.options import Options
from harness.load.same_parts import speech_and_schedule
from harness.model import NoProgress
from harness.plan import Dialogue, schedule_hash
from tests.load.conftest import check_held, check_turns, lines_of, run_locust

TWO_CORPORA = """
from harness import Dialogue, VoiceUser, task

class Planned(VoiceUser):
    corpus = "english.jsonl"
    dialogue = Dialogue(turns=2, think_ms=(0, 50))

class Reacting(VoiceUser):
    corpus = "german.jsonl"
    dialogue = Dialogue(think_ms=(0, 50))

    @task
    def talk(self):
        with self.call() as call:
            turn = call.say("b")
            call.expect(turn.utterance_id == "b", "ids are those of its own corpus")
            call.expect(call.say(tag="german").utterance_id == "a", "nothing is said twice")
"""
SESSION = '{"audio": {"input": {"transcription": {"model": "gpt-4o-transcribe"}}}}'


class Patient:
    dialogue = Dialogue(turns=3)
    network = "lte_good"
    weight: Any = 3
    fixed_count = 0


class Hasty(Patient):
    dialogue = Dialogue(turns=1, think_ms=(0, 1))
    network = "ideal=1,lte_poor=1"
    weight = 1


OPTIONS = Options(host="ws://127.0.0.1:1", calls=40)


@pytest.fixture
def corpus() -> Corpus:
    return obtain_corpus("synthetic", cache_dir(), NoProgress())


def _schedule(
    corpus: Corpus, *users: type, network_given: bool = False, options: Options = OPTIONS
) -> Calls:
    return schedule_of(options, users, corpus, network_given=network_given, callers=8)


def test_each_class_has_its_share_of_calls_its_dialogue_and_its_networks(corpus: Corpus) -> None:
    schedule = _schedule(corpus, Patient, Hasty)
    calls = [schedule.call(number) for number in range(40)]
    assert [call.number for call in calls] == list(range(40))
    assert Counter(call.user_class for call in calls) == {"Patient": 30, "Hasty": 10}
    assert {call.user_class: len(call.utterance_ids) for call in calls} == {
        "Patient": 3,
        "Hasty": 1,
    }
    of_class = Counter((call.user_class, call.network) for call in calls)
    assert of_class == {
        ("Patient", "lte_good"): 30,
        ("Hasty", "ideal"): 5,
        ("Hasty", "lte_poor"): 5,
    }
    assert {schedule.class_of(call.number) == call.user_class for call in calls} == {True}


def test_classes_with_the_same_dialogue_do_not_say_the_same(corpus: Corpus) -> None:
    class Twin(Patient):
        weight = 3

    schedule = _schedule(corpus, Patient, Twin)
    assert isinstance(schedule, ClassSchedule)
    one, other = (
        [part.call(index).utterance_ids for index in range(5)] for part in schedule.parts.values()
    )
    assert one != other


def test_the_command_line_goes_before_what_classes_say(corpus: Corpus) -> None:
    options = replace(OPTIONS, mix=(("none", 1),), turns=2)
    schedule = _schedule(corpus, Patient, Hasty, network_given=True, options=options)
    calls = [schedule.call(number) for number in range(8)]
    assert {call.network for call in calls} == {"none"}
    assert {len(call.utterance_ids) for call in calls} == {2}


def test_one_class_is_a_schedule_of_its_own_with_its_name(corpus: Corpus) -> None:
    schedule = _schedule(corpus, Patient)
    assert schedule.call(5).user_class == schedule.class_of(5) == "Patient"


class Reacting(Patient):
    reacts = True


class Scripted(Reacting):
    script = "tool_calls"


@pytest.mark.parametrize(
    ("options", "user", "where"),
    [
        (replace(OPTIONS, turns=3), Reacting, "--turns"),
        (replace(OPTIONS, dialogue=Path("tool_calls")), Reacting, "--dialogue"),
        (OPTIONS, Scripted, "Scripted.script"),
    ],
)
def test_what_tasks_of_a_class_would_not_heed_is_refused(
    options: Options, user: type, where: str, corpus: Corpus
) -> None:
    with pytest.raises(BadInput, match="whose own tasks lead its calls") as refused:
        _schedule(corpus, user, options=options)
    assert refused.value.where == where
    with pytest.raises(BadInput):
        _schedule(corpus, Patient, user, options=options)


def test_a_fixed_count_is_a_number_of_callers_and_the_others_share_the_rest() -> None:
    class Watcher(Patient):
        fixed_count = 2

    assert class_weights([Patient, Hasty, Watcher], 10) == {
        "Patient": Fraction(6),
        "Hasty": Fraction(2),
        "Watcher": Fraction(2),
    }
    assert class_weights([Patient, Watcher], 1) == {"Patient": 0, "Watcher": 2}


class German(Hasty):
    corpus = "german"


def named(name: str, made: Corpus, first: int) -> Corpus:
    """Return two of the clips as a corpus whose ids another corpus has as well."""
    clips = tuple(
        replace(clip, id=id_, transcript=f"{name} words {id_}", tags=(name,))
        for id_, clip in zip("ab", made.clips[first : first + 2], strict=True)
    )
    facts = replace(made.facts, name=name, clips=2, digest=f"digest of {name}")
    return replace(made, facts=facts, clips=clips)


def test_each_class_says_what_its_own_corpus_has_and_the_others_the_default(
    corpus: Corpus,
) -> None:
    english, german = named("english", corpus, 0), named("german", corpus, 2)
    pooled = pool({"": english, "german": german})
    schedule = _schedule(pooled, Patient, German)
    calls = [schedule.call(number) for number in range(40)]
    said = {(call.user_class, name) for call in calls for name in call.utterance_ids}
    assert said == {
        *(("Patient", name) for name in ("english/a", "english/b")),
        *(("German", name) for name in ("german/a", "german/b")),
    }
    foreseen = {name: set(foreseen_recordings(schedule, 40, [name])) for name in schedule.parts}
    assert foreseen == {
        "Patient": {"english/a", "english/b"},
        "German": {"german/a", "german/b"},
    }
    alone = _schedule(english, Patient, German)
    for number in range(40):
        own = alone.call(number).utterance_ids
        assert [name.partition("/")[2] for name in calls[number].utterance_ids] == list(own)


def test_conditions_and_backchannels_of_a_corpus_keep_their_place_in_the_pool(
    corpus: Corpus,
) -> None:
    english, german = named("english", corpus, 0), named("german", corpus, 2)
    crossed = tuple(
        replace(clip, id=f"{clip.id}@{how}", utterance=clip.id, condition=how, tags=tags)
        for clip, tags in zip(german.clips, ((), ("backchannel",)), strict=True)
        for how in ("clean", "noisy")
    )

    class Interrupting(German):
        script = "interrupter"

    pooled = pool({"": english, "german": replace(german, clips=crossed)})
    schedule = _schedule(pooled, Patient, Interrupting)
    known = {clip.id: clip for clip in pooled.clips}
    calls = [schedule.call(number) for number in range(12)]
    calls = [call for call in calls if call.user_class == "Interrupting"]
    for call in calls:
        assert {known[name].condition for name in call.utterance_ids} == set(call.conditions)
        assert set(call.original_ids) == {"german/a"}
        assert "backchannel" in known[call.backchannel_id].tags
    assert {condition for call in calls for condition in call.conditions} == {"clean", "noisy"}


def test_classes_that_name_no_corpus_are_those_of_a_run_without_any(corpus: Corpus) -> None:
    class Same(Hasty):
        corpus = "synthetic"

    Same.__name__ = "Hasty"
    hashes = set()
    for other, asked in ((Hasty, corpus), (Same, pool({"": corpus, "synthetic": corpus}))):
        schedule = _schedule(asked, Patient, other)
        hashes.add(schedule_hash([schedule.call(number) for number in range(40)]))
        assert all("/" not in name for name in schedule.call(0).utterance_ids)
    assert len(hashes) == 1


def test_a_worker_whose_class_speaks_another_corpus_is_different(corpus: Corpus) -> None:
    english, german = named("english", corpus, 0), named("german", corpus, 2)
    facts = replace(german.facts, digest="digest of others")
    digests = [
        speech_and_schedule(_schedule(pooled, Patient, German), pooled)["corpus"]
        for pooled in (
            pool({"": english, "german": german}),
            pool({"": english, "german": replace(german, facts=facts)}),
        )
    ]
    assert digests[0] != digests[1]


def test_callers_of_two_classes_are_heard_to_say_the_words_of_two_corpora(
    corpus: Corpus, serve: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [named("english", corpus, 0), named("german", corpus, 2)]
    for part in parts:
        write_manifest(tmp_path / f"{part.facts.name}.jsonl", part.clips, part.folder)
    everything = [clip for part in parts for clip in part.clips]
    ids = [replace(clip, id=clip.transcript) for clip in everything]
    write_manifest(tmp_path / "all.jsonl", ids, corpus.folder)
    (tmp_path / "two.py").write_text(TWO_CORPORA)
    (tmp_path / "session.json").write_text(SESSION)
    (tmp_path / "simulator.toml").write_text(
        f'[transcription]\ncorpus = "{tmp_path / "all.jsonl"}"\nwrong = 0.0\n'
    )
    host = serve("--config", str(tmp_path / "simulator.toml"))
    monkeypatch.chdir(tmp_path)
    done = run_locust(
        *("--host", host, "-u", "2", "-r", "20", "--calls", "2", "--corpus", ""),
        *("--session", "session.json"),
        reports=tmp_path / "reports",
        scenario=tmp_path / "two.py",
    )
    run = check_held(done, tmp_path / "reports")
    check_turns(run)
    said = {(turn["user_class"], turn["utterance_id"]) for turn in lines_of(run / "turns.jsonl")}
    assert said == {
        *(("Planned", name) for name in ("english/a", "english/b")),
        *(("Reacting", name) for name in ("german/a", "german/b")),
    }
    for session in lines_of(run / "sessions.jsonl"):
        assert all(check["passed"] for check in session["checks"])
        for words in session["caller_words"]:
            name, _, id_ = words["utterance_id"].partition("/")
            assert words["said"] == words["understood"] == f"{name} words {id_}"
    manifest = json.loads((run / "manifest.json").read_text())
    found = {part["name"]: part["digest"] for part in manifest["corpus"]["parts"]}
    assert set(found) == {"english", "german"}
    for user_class, name in (("Planned", "english"), ("Reacting", "german")):
        told = manifest["settings"][f"user_class {user_class}"]
        assert f"corpus {name} ({found[name]})" in told
    assert str(tmp_path) not in (run / "turns.jsonl").read_text()
