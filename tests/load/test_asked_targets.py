"""What the manifest says of the targets of user classes."""

from dataclasses import replace

import pytest

from harness.corpus import Corpus, obtain_corpus
from harness.environment import cache_dir
from harness.load.asked_targets import asked_targets, of_run
from harness.load.class_schedule import routes_of, schedule_of
from harness.load.options import Options
from harness.model import AudioFormat, ClassTarget, Encoding, NoProgress
from harness.plan import Dialogue

NEAR = Options(host="ws://127.0.0.1:1", calls=4)


class Browser:
    dialogue = Dialogue(turns=1)
    weight = 1
    fixed_count = 0


class App(Browser):
    pass


class Phone(Browser):
    pass


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return obtain_corpus("synthetic", cache_dir(), NoProgress())


def asked(corpus: Corpus, **of_class: Options) -> tuple[ClassTarget, ...]:
    users = [user for user in (Browser, App, Phone) if user.__name__ in of_class]
    schedule = schedule_of(NEAR, users, corpus, network_given=False, callers=3, of_class=of_class)
    return asked_targets(schedule, routes_of(schedule))


def test_each_class_has_its_target_and_the_run_all_of_them_once(corpus: Corpus) -> None:
    mini = replace(NEAR, model="gpt-realtime-mini")
    phone = replace(NEAR, dialect="twilio", host="ws://127.0.0.1:2/twilio")
    targets = asked(corpus, Browser=NEAR, App=mini, Phone=phone)
    assert [(one.user_class, one.target, one.dialect) for one in targets] == [
        ("Browser", "ws://127.0.0.1:1/v1/realtime", "openai-realtime"),
        ("App", "ws://127.0.0.1:1/v1/realtime", "openai-realtime"),
        ("Phone", "ws://127.0.0.1:2/twilio", "twilio"),
    ]
    assert [one.model_by_default for one in targets[:2]] == [True, False]
    assert targets[2].audio == AudioFormat(8_000, Encoding.MULAW)
    run = of_run(targets)
    assert run["target"] == "ws://127.0.0.1:1/v1/realtime and ws://127.0.0.1:2/twilio"
    assert run["dialect"] == "openai-realtime and twilio"
    assert run["model"] == f"{targets[0].model} and gpt-realtime-mini"
    assert (run["model_unknown"], run["model_by_default"]) == ("", False)


def test_a_run_with_one_target_says_what_it_always_said(corpus: Corpus) -> None:
    run = of_run(asked(corpus, Browser=NEAR, App=NEAR))
    assert (run["target"], run["dialect"]) == (
        "ws://127.0.0.1:1/v1/realtime",
        "openai-realtime",
    )
    assert run["model_by_default"]
