import argparse

from harness.errors import conceal
from harness.load.options import add_arguments
from harness.load.repeat_command import repeat_command
from tests.load.test_options import LikeLocusts


def _parsed(*words: str, **locusts: object) -> argparse.Namespace:
    parser = LikeLocusts()
    add_arguments(parser)
    found = parser.parse_args(words)
    vars(found).update(locusts)
    return found


def test_what_was_asked_for_is_in_it_and_defaults_are_not() -> None:
    parsed = _parsed("--network", "ideal,lte_good", "--calls", "30", "--seed", "7", num_users=10)
    assert repeat_command(parsed, "conversation") == (
        "harness run conversation --users 10 --network ideal,lte_good --calls 30 --seed 7"
    )
    assert repeat_command(_parsed(), "soak") == "harness run soak"


def test_what_does_not_change_a_run_is_left_out_and_files_are_named() -> None:
    parsed = _parsed("--run-dir", "/somewhere", "--simulated", run_time=90, spawn_rate=2.5)
    parsed.session = '{"voice": "x"}'
    parsed.arrivals = "0,1\n" * 100
    assert repeat_command(parsed, "conversation") == (
        "harness run conversation --spawn-rate 2.5 --run-time 90 --arrivals FILE --session FILE"
    )


def test_no_secret_is_in_it_and_words_are_quoted() -> None:
    conceal("very-secret-key-1")
    parsed = _parsed("--model", "a b", "--corpus", "very-secret-key-1")
    told = repeat_command(parsed, "conversation")
    assert "very-secret" not in told
    assert "--model 'a b'" in told
