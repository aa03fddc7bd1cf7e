import argparse

from harness.load.target_options import TARGETS_FILE, add_target_arguments


def test_without_a_word_nothing_is_asked_of_the_target() -> None:
    parser = argparse.ArgumentParser()
    add_target_arguments(parser)
    found = vars(parser.parse_args([]))
    assert found["targets"] == TARGETS_FILE
    assert not any(found[name] for name in ("dialect", "model", "session", "key_variable", "ca"))
    assert all(action.help for action in parser._actions)
