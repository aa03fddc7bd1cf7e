"""The speech of several user classes whose targets take it in different formats."""

from dataclasses import replace

from harness.corpus import obtain_corpus
from harness.environment import cache_dir
from harness.load.class_schedule import schedule_of
from harness.load.class_voices import ClassVoices
from harness.load.options import Options
from harness.model import NoProgress
from harness.plan import Dialogue


class Browser:
    dialogue = Dialogue(turns=1)
    weight = 1
    fixed_count = 0


class App(Browser):
    pass


class Phone(Browser):
    pass


def test_each_class_speaks_as_its_target_takes_it_and_equal_ones_share_it() -> None:
    corpus = obtain_corpus("synthetic", cache_dir(), NoProgress())
    near = Options(host="ws://127.0.0.1:1", calls=9)
    phone = replace(near, dialect="twilio", host="ws://127.0.0.1:1/twilio")
    schedule = schedule_of(
        near,
        [Browser, App, Phone],
        corpus,
        network_given=False,
        callers=3,
        of_class={"Browser": near, "App": near, "Phone": phone},
    )
    voices = ClassVoices(schedule, corpus)
    assert voices["Browser"] is voices["App"]
    assert [voices.sound_of(name)[1] for name in ("Browser", "Phone")] == [24_000, 8_000]
    browser, phone_ = voices["Browser"], voices["Phone"]
    assert browser.speech.wire_format.frame_samples == 480
    assert phone_.speech.wire_format.frame_samples == 160
    # 20 ms of PCM at 24 kHz in base64, and of mu-law at 8 kHz.
    assert {len(message) > 1_280 for message in browser.backchannel.messages} == {True}
    assert {len(message) < 640 for message in phone_.backchannel.messages} == {True}
    assert voices.stream.message_bytes == len(browser.speech.wire_format.silence)
    voices.prepare(9, NoProgress())
    for name, voice in (("Browser", browser), ("Phone", phone_)):
        calls = [number for number in range(9) if schedule.class_of(number) == name]
        for number in calls:
            kept = voice.speech.take(schedule.call(number).recording_ids)
            assert kept
    assert phone_.speech.bytes_kept < browser.speech.bytes_kept / 2
