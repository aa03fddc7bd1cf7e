"""What an application answers to the webhook of an incoming call: TwiML, as far as a stream goes.

Source: Twilio, "TwiML Voice: <Stream>"; grade A. Verbs before `<Connect>`, such as `<Say>`, are not
carried out. A document type is refused, so that no entity can be declared and expanded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from harness.dialects.base import MalformedMessage
from harness.errors import sanitised

# Twilio reads no longer documents.
_MOST_BYTES = 65_536
_MOST_PARAMETERS = 100


class _NoTypes(TreeBuilder):
    """Builds a tree, of a document that declares no type."""

    def doctype(self, _name: str, _public: str, _system: str) -> NoReturn:
        """Refuse: its entities could grow without bound, or name files."""
        raise MalformedMessage("the answer declares a document type, which TwiML has none of")


@dataclass(frozen=True, slots=True)
class StreamAnswer:
    """The stream that an application wants to be connected to.

    Attributes:
        address: Its address.
        parameters: What the application wants to be told at its start.
    """

    address: str
    parameters: Mapping[str, str]


def stream_of(document: bytes, noun: str = "Stream") -> StreamAnswer:
    """Return the stream that a document connects the call to.

    Args:
        document: The application's answer.
        noun: The element that names the stream.

    Raises:
        MalformedMessage: It connects to none; says in words what it does instead.
    """
    response = _parsed(document)
    if response.tag != "Response":
        raise MalformedMessage(f"the answer is <{sanitised(response.tag)}> and no TwiML")
    for connect in response.findall("Connect"):
        for stream in connect.findall(noun):
            address = (stream.get("url") or "").strip()
            if not address:
                raise MalformedMessage(f"the answer's <{noun}> has no url")
            return StreamAnswer(address, _parameters(stream))
    raise MalformedMessage(_instead(response, noun))


def _parsed(document: bytes) -> Element:
    if len(document) > _MOST_BYTES:
        raise MalformedMessage("the answer is longer than 64 KiB")
    if not document.strip():
        raise MalformedMessage("the answer is empty")
    # Bounded above, and without a document type nothing in it expands.
    parser: XMLParser[Element] = XMLParser(target=_NoTypes())  # noqa: S314
    try:
        parser.feed(document)
        return parser.close()
    except MalformedMessage:
        raise
    except (ParseError, ValueError, LookupError) as error:
        raise MalformedMessage(f"the answer is no XML ({sanitised(error)})") from error


def _parameters(stream: Element) -> dict[str, str]:
    found = {
        name: parameter.get("value") or ""
        for parameter in stream.findall("Parameter")
        if (name := parameter.get("name"))
    }
    return dict(list(found.items())[:_MOST_PARAMETERS])


def _instead(response: Element, noun: str) -> str:
    """Return in words what a document does that connects no stream."""
    if response.find(f"Start/{noun}") is not None:
        return f"the answer only <Start>s a <{noun}>, on which an application cannot speak"
    verbs = [f"<{child.tag}>" for child in response]
    for connect in response.findall("Connect"):
        verbs += [f"<Connect><{child.tag}>" for child in connect]
    does = sanitised(", ".join(dict.fromkeys(verbs)))
    return f"the answer has no <Connect><{noun}>; it says {does or 'nothing'}"
