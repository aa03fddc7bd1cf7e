from harness.corpus import KNOWN_CORPORA


def test_names_are_unique_and_everything_a_person_asks_first_is_said() -> None:
    assert len({known.name for known in KNOWN_CORPORA}) == len(KNOWN_CORPORA)
    for known in KNOWN_CORPORA:
        assert known.licence
        assert known.size
        assert known.address
        assert len(known.about) < 80


def test_the_default_is_recorded_if_it_can_be_and_generated_if_not() -> None:
    tried = [known for known in KNOWN_CORPORA if known.default]
    assert [known.name for known in tried] == ["asterisk-en", "mini-librispeech", "synthetic"]
    assert [known.synthetic for known in tried] == [False, False, True]


def test_five_languages_are_there() -> None:
    voices = {known.name for known in KNOWN_CORPORA if known.name.startswith("asterisk-")}
    assert voices == {f"asterisk-{language}" for language in ("en", "es", "fr", "it", "ru")}
