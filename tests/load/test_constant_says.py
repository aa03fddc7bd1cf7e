from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from harness.errors import BadInput
from harness.load.constant_says import check_says
from harness.model import Clip


def clip(name: str, *tags: str) -> Clip:
    return Clip(
        id=name,
        path="",
        sha256="",
        rate_hz=8_000,
        channels=1,
        duration_s=1.0,
        speech_start_s=0.0,
        speech_end_s=1.0,
        end_source="exact",
        end_uncertainty_ms=0.0,
        tags=tags,
    )


CLIPS = [clip("size-large", "order"), clip("hello-1", "greeting")]


class Calls:
    @contextmanager
    def call(self) -> Iterator[Any]:
        yield None


class Right(Calls):
    def order(self) -> None:
        other: Any = None
        with self.call() as call:
            call.say(tag="greeting")
            call.say("size-large", think_ms=3)
            call.say(f"size-{3}")
            call.say(tag=self.tag())
            call.say()
        other.say("nothing to do with it")

    def tag(self) -> str:
        return "x"


class WrongId(Right):
    def order(self) -> None:
        with self.call() as call:
            call.say("size-larg")


class WrongTag(Right):
    def order(self) -> None:
        with self.call() as call:
            for _ in range(3):
                call.say(tag="greetings", barge_in_ms=3)


class Inherits(WrongTag):
    pass


def test_what_the_corpus_has_and_what_cannot_be_seen_pass() -> None:
    check_says(Right, CLIPS)


@pytest.mark.parametrize(
    ("user", "words"),
    [
        (WrongId, "the corpus has no utterance size-larg.*Did you mean size-large"),
        (WrongTag, "the corpus has no tag greetings.*Its tags: greeting, order"),
        (Inherits, "the corpus has no tag greetings"),
    ],
)
def test_a_misspelt_constant_is_refused_by_name(user: type, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        check_says(user, CLIPS)


def test_an_utterance_may_be_named_without_its_condition() -> None:
    check_says(Right, [clip("size-large@noise", "greeting")], [clip("size-large")])
