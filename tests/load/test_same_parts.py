import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from harness.corpus import Corpus, obtain_corpus
from harness.errors import BadInput
from harness.load.options import Options
from harness.load.run_setup import make_schedule
from harness.load.same_parts import program_and_scenario, refuse_others, speech_and_schedule
from harness.model import NoProgress
from harness.plan import Dialogue
from tests.load.conftest import free_port, locust_words, run_locust

OPTIONS = Options(host="ws://127.0.0.1:1", calls=5)


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Corpus:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    return obtain_corpus("synthetic", tmp_path / "cache", NoProgress())


def parts(corpus: Corpus, options: Options = OPTIONS, turns: int = 1) -> dict[str, str]:
    return speech_and_schedule(make_schedule(options, Dialogue(turns=turns), corpus), corpus)


def test_the_same_is_the_same_and_is_let_in(corpus: Corpus) -> None:
    refuse_others(parts(corpus), parts(corpus), "host_1")


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"silence_ms": 700}, "session"),
        ({"arrivals": "30/min"}, "schedule"),
        ({"mix": (("lte_good", 1),)}, "networks"),
    ],
)
def test_what_is_different_is_named_with_both(
    changed: dict[str, object], name: str, corpus: Corpus
) -> None:
    other = parts(corpus, replace(OPTIONS, **changed))  # type: ignore[arg-type]
    masters = parts(corpus)
    with pytest.raises(BadInput) as refused:
        refuse_others(other, masters, "host_1")
    line = str(refused.value)
    assert "worker host_1" in line
    assert other[name] in line
    assert masters[name] in line


def test_another_dialogue_or_corpus_is_different(corpus: Corpus) -> None:
    assert parts(corpus, turns=2)["schedule"] != parts(corpus)["schedule"]
    facts = replace(corpus.facts, digest="f" * 64)
    assert parts(replace(corpus, facts=facts))["corpus"] != parts(corpus)["corpus"]


def test_another_version_or_scenario_is_different(tmp_path: Path) -> None:
    scenario = tmp_path / "one.py"
    scenario.write_text("one")
    own = program_and_scenario(scenario)
    with pytest.raises(BadInput, match=r"has harness .* and the master 0\.0\.1"):
        refuse_others(own, {**own, "harness": "0.0.1"}, "w")
    scenario.write_text("two")
    with pytest.raises(BadInput, match="has scenario"):
        refuse_others(program_and_scenario(scenario), own, "w")
    with pytest.raises(BadInput, match="an older harness"):
        refuse_others(own, {}, "w")


def test_a_worker_with_another_scenario_ends_the_run_with_one_line(
    simulator: str, tmp_path: Path
) -> None:
    text = "from harness import Dialogue, VoiceUser\nclass Caller(VoiceUser):\n"
    text += "    dialogue = Dialogue(turns={})\n"
    folders = {name: tmp_path / name for name in ("master", "worker")}
    for turns, folder in enumerate(folders.values(), 1):
        folder.mkdir()
        (folder / "calls.py").write_text(text.format(turns))
    port = str(free_port())
    here, there = ("--master-bind-port", port), ("--master-port", port)
    reports = tmp_path / "reports"
    worker = subprocess.Popen(
        locust_words(*there, "--worker", reports=reports, scenario=folders["worker"] / "calls.py"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        done = run_locust(
            *("--master", "--expect-workers", "1", "-u", "1", "--calls", "1", *here),
            *("--host", simulator),
            reports=reports,
            scenario=folders["master"] / "calls.py",
        )
    finally:
        worker.kill()
        worker.wait()
    assert done.returncode == 4
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("harness: ")]
    assert "has scenario" in line
    assert "and the master" in line
    assert "Traceback" not in done.stderr
