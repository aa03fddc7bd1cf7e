"""What webhooks answer, by the documented examples, and what is no such answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects import MalformedMessage
from harness.dialects.carriers.twiml import StreamAnswer, stream_of

DOCUMENTED = b"""<?xml version="1.0" encoding="UTF-8"?>
<Response>
   <Say>One moment</Say>
   <Connect>
      <Stream url="wss://example.com/audiostream">
         <Parameter name="FirstName" value="Jane"/>
         <Parameter name="Empty"/>
         <Parameter value="of no name"/>
      </Stream>
   </Connect>
</Response>"""


def test_a_stream_has_an_address_and_parameters() -> None:
    found = stream_of(DOCUMENTED)
    assert found == StreamAnswer(
        "wss://example.com/audiostream", {"FirstName": "Jane", "Empty": ""}
    )


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"", "is empty"),
        (b'{"url": "wss://a"}', "is no XML"),
        (b"\xff\xfe<Response/>", "is no XML"),
        (b"<html><body>Not here</body></html>", "is <html> and no TwiML"),
        (b"<Response><Say>Hello</Say><Hangup/></Response>", "it says <Say>, <Hangup>$"),
        (b"<Response/>", "it says nothing"),
        (b"<Response><Connect><Stream/></Connect></Response>", "has no url"),
        (
            b'<Response><Start><Stream url="wss://a"/></Start></Response>',
            "only <Start>s a <Stream>, on which an application cannot speak",
        ),
        (
            b'<Response><Connect><ConversationRelay url="wss://a"/></Connect></Response>',
            "<Connect><ConversationRelay>",
        ),
        (b"<Response>" + b" " * 65_536 + b"</Response>", "longer than 64 KiB"),
        (
            b'<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Response>&b;</Response>',
            "^the answer declares a document type",
        ),
        (
            b'<!DOCTYPE r SYSTEM "file:///etc/hostname"><Response/>',
            "^the answer declares a document type",
        ),
    ],
)
def test_what_connects_no_stream_is_told_in_words(document: bytes, words: str) -> None:
    with pytest.raises(MalformedMessage, match=words):
        stream_of(document)


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode()))
def test_no_answer_of_any_bytes_does_anything_worse(document: bytes) -> None:
    with pytest.raises(MalformedMessage):
        stream_of(document)
