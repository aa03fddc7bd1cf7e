"""What an external agent of Amazon Connect says: JSON-RPC results with the objects of A2A in them.

Source: AWS, "A2A protocol contract for external AI agents" and its sample events (A). What is not
there is as good as absent, and so is an explicit null.
"""

import msgspec
from msgspec import UNSET, UnsetType

from harness.dialects.lenient import identifier, number
from harness.errors import sanitised
from harness.model import AudioFormat

EXTENSION = "https://docs.aws.amazon.com/connect/a2a/ext/v1"
"""Name of Connect's extension of A2A, version 1.0."""

KIND = f"{EXTENSION}/eventType"
"""Key of an event's kind in the metadata of messages and artifacts."""


Number = int | float | str | None
"""A number in content that is JSON to A2A: built with its SDK, whole numbers are fractions."""


class Tag(msgspec.Struct):
    """What kind of event a message or artifact is."""

    kind: str | None = msgspec.field(default=None, name=KIND)


class Config(msgspec.Struct):
    """A format of audio."""

    encoding: str | None = None
    sampleRateHertz: Number = None  # noqa: N815
    sampleSizeBits: Number = None  # noqa: N815
    channelCount: Number = None  # noqa: N815


class Response(msgspec.Struct):
    """The answer to a proposed session."""

    statusCode: Number = None  # noqa: N815
    audioInputConfiguration: Config | None = None  # noqa: N815
    audioOutputConfiguration: Config | None = None  # noqa: N815


class Finish(msgspec.Struct):
    """The agent's part in the call is over."""

    type: str | None = None
    reason: str | None = None


class Failure(msgspec.Struct):
    """Why something did not succeed."""

    errorCode: Number = None  # noqa: N815
    errorReason: str | None = None  # noqa: N815


class Fragment(msgspec.Struct):
    """A part of a frame."""

    fragmentId: str  # noqa: N815
    partNumber: int | float  # noqa: N815
    totalParts: int | float  # noqa: N815
    payload: str


class Data(msgspec.Struct):
    """What of the content in JSON is of interest here."""

    initSessionResponse: Response | None = None  # noqa: N815
    finish: Finish | None = None
    error: Failure | None = None
    fragment: Fragment | None = None


class Part(msgspec.Struct):
    """Audio in base64, text, or JSON."""

    raw: str | None = None
    text: str | None = None
    data: Data | None = None


class Message(msgspec.Struct):
    """A message: anything but what a turn makes."""

    contextId: str | None = None  # noqa: N815
    parts: list[Part] = []
    metadata: Tag | None = None


class Artifact(msgspec.Struct):
    """A piece of what a turn makes; `artifactId` names one spoken response."""

    artifactId: str  # noqa: N815
    parts: list[Part] = []
    metadata: Tag | None = None


class ArtifactUpdate(msgspec.Struct):
    """More of what a turn makes, `taskId` the turn's name."""

    artifact: Artifact
    taskId: str | None = None  # noqa: N815
    contextId: str | None = None  # noqa: N815
    lastChunk: bool | None = None  # noqa: N815


class Status(msgspec.Struct):
    """How far a turn is."""

    state: str
    message: Message | None = None


class StatusUpdate(msgspec.Struct):
    """A turn is further than it was."""

    status: Status
    taskId: str | None = None  # noqa: N815
    contextId: str | None = None  # noqa: N815


class Result(msgspec.Struct):
    """One of the three; a task as a whole has nothing to measure."""

    message: Message | None = None
    statusUpdate: StatusUpdate | None = None  # noqa: N815
    artifactUpdate: ArtifactUpdate | None = None  # noqa: N815


class Refusal(msgspec.Struct):
    """A JSON-RPC error."""

    code: Number = None
    message: str | None = None


class Frame(msgspec.Struct):
    """A JSON-RPC response."""

    result: Result | UnsetType | None = UNSET
    error: Refusal | None = None


decode = msgspec.json.Decoder(Frame).decode
"""Read one frame."""


def code_of(value: Number) -> str:
    """Return a code as it is written without a fraction of nothing, empty for none."""
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    return sanitised(identifier(whole))


def kind_of(tag: Tag | None) -> str:
    """Return the kind of an event, empty for none."""
    return "" if tag is None else tag.kind or ""


def contents(said: Message | None) -> list[Data]:
    """Return the content in JSON of a message."""
    return [] if said is None else [part.data for part in said.parts if part.data is not None]


def failure_of(said: Message | None) -> Failure:
    """Return the failure that a message tells of, an empty one where it tells of none."""
    found = (data.error for data in contents(said))
    return next((one for one in found if one is not None), Failure())


def finish_of(said: Message | None) -> Finish:
    """Return the end that a message tells of, likewise."""
    found = (data.finish for data in contents(said))
    return next((one for one in found if one is not None), Finish())


def format_of(config: Config | None, proposed: AudioFormat) -> AudioFormat | None:
    """Return the format that a counter-proposal declares, `None` for one that is not known.

    Without a counter-proposal it is the one that was proposed.
    """
    if config is None:
        return proposed
    shape = config.encoding, number(config.sampleSizeBits), number(config.channelCount)
    try:
        rate_hz = number(config.sampleRateHertz) or 0
        return AudioFormat(rate_hz) if shape == ("LINEAR_PCM", 16, 1) else None
    except ValueError:
        return None
