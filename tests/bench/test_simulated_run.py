import pytest

from harness.bench.dialect_accuracy import dialect_error
from harness.bench.simulated_run import hold

QUICK = "[latency]\nshift_ms = 200.0\nmedian_ms = 50.0\n"
ONE_TURN = "think = { low_ms = 50, high_ms = 60 }\n[[turn]]\n"


def test_a_run_in_another_dialect_is_held_to_its_end_beside_its_truth() -> None:
    options = ("--dialect", "twilio", "--calls", "1")
    run, truth = hold(QUICK, 1, dialogue=ONE_TURN, options=options, path="/twilio")
    assert run.manifest.dialect == "twilio"
    assert len(run.turns) == len(run.sessions) == 1
    found = dialect_error("twilio", 1, run, truth)
    # No bar: the machine is shared.
    assert (found.turns, found.p50_ms is None) == (1, False)


def test_what_is_not_served_is_told_in_the_words_of_the_run() -> None:
    options = ("--dialect", "twilio", "--calls", "1")
    with pytest.raises(RuntimeError, match="404"):
        hold(QUICK, 1, options=options, path="/nothing")
