import contextlib
import gc
import string
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BadInput, Fault, Party, Phase
from harness.model import (
    SessionRecord,
    TokenUsage,
    TurnCounts,
    TurnInstants,
    TurnKind,
    TurnRecord,
    TurnStatus,
    Underruns,
)
from harness.recording import decode_lines, encode_lines

instant = st.none() | st.integers(-(2**62), 2**62)
text = st.text(max_size=20)
turns = st.builds(
    TurnRecord,
    session_id=text,
    turn_index=st.integers(0, 1_000),
    kind=st.sampled_from(TurnKind),
    status=st.sampled_from(
        [s for s in TurnStatus if s not in (TurnStatus.COMPLETED, TurnStatus.BROKEN_OFF)]
    ),
    network=text,
    utterance_id=text,
    limit_ms=st.floats(0, 60_000),
    at=st.builds(TurnInstants, speech_end_ns=instant, first_audible_ns=instant),
    counts=st.builds(
        TurnCounts,
        frames_sent=st.integers(0, 2**40),
        underruns=st.tuples(
            st.builds(
                Underruns,
                buffer_ms=st.just(20),
                count=st.integers(0, 9),
                total_ms=st.floats(0, 1e6),
                longest_ms=st.floats(0, 1e6),
            )
        ),
    ),
    fault=st.builds(Fault, st.sampled_from(Party), st.sampled_from(Phase), text, text),
    provider_ids=st.dictionaries(st.sampled_from(["response", "item"]), text),
    usage=st.none() | st.builds(TokenUsage, input_audio=st.integers(0, 2**40)),
)


def simple(number: int = 0) -> SessionRecord:
    return SessionRecord(session_id=f"s{number}", call_number=0, network="n", turns_planned=1)


@given(st.lists(turns, max_size=5))
def test_records_survive_the_file(records: list[TurnRecord]) -> None:
    assert decode_lines(encode_lines(records), TurnRecord, "x") == tuple(records)


@given(st.lists(turns, min_size=1, max_size=3), st.data())
def test_a_file_cut_anywhere_still_gives_every_whole_record(
    records: list[TurnRecord], data: st.DataObject
) -> None:
    lines = encode_lines(records)
    cut = data.draw(st.integers(0, len(lines)))
    found = decode_lines(lines[:cut], TurnRecord, "x")
    whole = lines[:cut].count(b"\n")
    assert found[:whole] == tuple(records[:whole])
    # A record whose line end alone is missing is a whole record too.
    assert found[whole:] in ((), tuple(records[whole : whole + 1]))


def test_a_torn_line_elsewhere_is_refused_with_file_and_line() -> None:
    lines = encode_lines([simple(0), simple(1), simple(2)]).split(b"\n")
    lines[1] = lines[1][:20]
    with pytest.raises(BadInput, match=r"sessions\.jsonl, line 2: is not JSON") as refused:
        decode_lines(b"\n".join(lines), SessionRecord, "sessions.jsonl")
    assert "Take the line out" in str(refused.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"call_number": "1"}, "call_number"),
        ({"call_number": None}, "call_number"),
        ({"ready_ns": 1.5}, "ready_ns"),
        ({"surprise": 1}, "unknown field `surprise`"),
        ({"fault": {"party": "nobody", "phase": "send", "code": "x"}}, "nobody"),
        (
            {"fault": {"party": "ours", "phase": "send", "code": "x", "more": 1}},
            "unknown field `fault.more`",
        ),
    ],
)
def test_a_field_that_does_not_belong_is_refused(change: dict[str, Any], words: str) -> None:
    raw = msgspec.to_builtins(simple()) | change
    with pytest.raises(BadInput) as refused:
        decode_lines(msgspec.json.encode(raw) + b"\n", SessionRecord, "x.jsonl")
    assert "x.jsonl, line 1" in str(refused.value)
    assert words in str(refused.value)


def test_a_missing_field_is_refused_and_a_defaulted_one_is_not() -> None:
    raw = msgspec.to_builtins(simple())
    del raw["acknowledged"]
    assert decode_lines(msgspec.json.encode(raw), SessionRecord, "x") == (simple(),)
    del raw["network"]
    with pytest.raises(BadInput, match="network"):
        decode_lines(msgspec.json.encode(raw), SessionRecord, "x")


def test_a_record_that_breaks_its_own_rule_is_refused() -> None:
    turn = TurnRecord(
        session_id="s",
        turn_index=0,
        kind=TurnKind.FIRST,
        status=TurnStatus.PREMATURE,
        network="n",
        utterance_id="u",
        limit_ms=1.0,
        at=TurnInstants(),
    )
    line = encode_lines([turn]).replace(b"premature", b"completed")
    with pytest.raises(BadInput, match="must have been heard"):
        decode_lines(line, TurnRecord, "x")


@given(st.text(alphabet=string.printable, max_size=40))
def test_a_line_of_anything_is_a_record_or_bad_input(line: str) -> None:
    with contextlib.suppress(BadInput):
        decode_lines(line.encode() + b"\n", SessionRecord, "x")


def test_collection_goes_on_after_decoding_as_it_did_before() -> None:
    for collects in (True, False):
        (gc.enable if collects else gc.disable)()
        try:
            with pytest.raises(BadInput):
                decode_lines(b"[\n", TurnRecord, "here")
            assert gc.isenabled() is collects
        finally:
            gc.enable()


def test_lines_as_we_write_them_are_read_without_a_look_at_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    records = (simple(0), simple(1))
    data = encode_lines(records)
    monkeypatch.setattr("harness.recording.jsonl._decode", None)
    assert decode_lines(data, SessionRecord, "x") == records


def test_every_line_of_many_is_looked_at() -> None:
    lines = encode_lines([simple(number) for number in range(250)]).split(b"\n")
    assert len(decode_lines(b"\n".join(lines), SessionRecord, "x")) == 250
    lines[229] = lines[229][:-1] + b',"more":1}'
    with pytest.raises(BadInput, match="x, line 230: has an unknown field `more`"):
        decode_lines(b"\n".join(lines), SessionRecord, "x")
