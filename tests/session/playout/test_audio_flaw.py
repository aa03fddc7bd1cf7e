from harness.session.playout.audio_flaw import AudioFlaw


def test_only_what_hides_the_onset_makes_it_unknown() -> None:
    assert not AudioFlaw().hides_onset
    assert not AudioFlaw(undecodable=3).hides_onset
    assert AudioFlaw(doubt="a click").hides_onset
    assert AudioFlaw(misread="an Ogg file").hides_onset
