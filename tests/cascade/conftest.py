"""Providers made of sockets, with planted delays and instants that they keep themselves."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.client import connect

from harness.cascade import Cascade, CascadeConfig, ProviderSettings
from harness.clock import now_ns
from harness.corpus import speech_like
from harness.model import StageRecord
from tests.simulator.conftest import Talk

Json = dict[str, Any]


@dataclass
class Request:
    """What a provider was asked, and when it had all of it."""

    path: str
    headers: dict[str, str]
    body: bytes
    received_ns: int

    @property
    def json(self) -> Json:
        found: Json = json.loads(self.body)
        return found


@dataclass
class Reply:
    """What it answers, piece by piece.

    Attributes:
        pieces: A delay in seconds, or what is waited for, and the bytes that follow.
        status: Of HTTP.
        sent_ns: Just before each piece went out.
        cut: Hang up after the last piece, without an end.
    """

    pieces: Sequence[tuple[float | asyncio.Event, bytes]]
    status: int = 200
    sent_ns: list[int] = field(default_factory=list)
    cut: bool = False


class FakeHttp:
    """A provider over HTTP: asks `reply` for what to answer."""

    def __init__(self, reply: Callable[[Request], Reply]) -> None:
        self.reply = reply
        self.requests: list[Request] = []
        self.replies: list[Reply] = []
        self.hung_up_on = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> str:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def stop(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            self.hung_up_on.set()
        except asyncio.CancelledError:
            pass  # the test is over
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        request = Request(head[0].split(" ")[1], headers, body, now_ns())
        self.requests.append(request)
        reply = self.reply(request)
        self.replies.append(reply)
        writer.write(f"HTTP/1.1 {reply.status} Said\r\ntransfer-encoding: chunked\r\n\r\n".encode())
        for wait, piece in reply.pieces:
            await (wait.wait() if isinstance(wait, asyncio.Event) else asyncio.sleep(wait))
            if reader.at_eof():
                raise ConnectionResetError
            reply.sent_ns.append(now_ns())
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
        if reply.cut:
            return False
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


def chunk(text: str = "", **more: Any) -> bytes:
    """Return one event of a streamed chat completion."""
    delta = {"content": text} | more
    return b"data: " + json.dumps({"choices": [{"index": 0, "delta": delta}]}).encode() + b"\n\n"


def stopped(reason: str = "stop") -> bytes:
    choice = {"index": 0, "delta": {}, "finish_reason": reason}
    usage = {"prompt_tokens": 31, "completion_tokens": 9}
    return (
        b"data: "
        + json.dumps({"choices": [choice]}).encode()
        + b"\n\ndata: "
        + json.dumps({"choices": [], "usage": usage}).encode()
        + b"\n\ndata: [DONE]\n\n"
    )


def speech(seconds: float = 0.3) -> bytes:
    samples = speech_like(np.random.default_rng(3), seconds, 24_000)
    return samples.astype("<i2").tobytes()


ANSWER = ("Good", " morning. ", "How can", " I help", " you?")


@dataclass
class Providers:
    """The three parts as they are faked: what each answers may be set by a test."""

    stt: Callable[[Request], Reply] = lambda _: Reply([(0.0, b'{"text":"Hello there."}')])
    llm: Callable[[Request], Reply] = lambda _: Reply(
        [(0.0, chunk(piece)) for piece in ANSWER] + [(0.0, stopped())]
    )
    tts: Callable[[Request], Reply] = lambda _: Reply([(0.0, speech()), (0.0, speech())])


@dataclass
class Served:
    """A cascade with its providers, and what it told of its stages."""

    talk: Talk
    stt: FakeHttp
    llm: FakeHttp
    tts: FakeHttp
    stages: list[StageRecord]


OpenedCascade = Callable[..., AbstractAsyncContextManager[Served]]


@asynccontextmanager
async def _opened(
    given: Providers | None = None, *, tts_limit_s: float = 10.0
) -> AsyncIterator[Served]:
    given = given or Providers()
    stt, llm, tts = FakeHttp(given.stt), FakeHttp(given.llm), FakeHttp(given.tts)
    config = CascadeConfig(
        stt=ProviderSettings(name="openai", url=await stt.start(), model="stt-model"),
        llm=ProviderSettings(name="openai", url=await llm.start(), model="llm-model"),
        tts=ProviderSettings(
            name="openai", url=await tts.start(), model="tts-model", limit_s=tts_limit_s
        ),
    )
    stages: list[StageRecord] = []
    cascade = Cascade(config)
    port = await cascade.start()
    cascade._stages.write = stages.append  # type: ignore[assignment, method-assign]
    try:
        async with connect(f"ws://127.0.0.1:{port}/v1/realtime?model=any") as socket:
            talk = Talk(socket)
            await talk.until("session.created")
            yield Served(talk, stt, llm, tts, stages)
    finally:
        await cascade.stop()
        for fake in (stt, llm, tts):
            await fake.stop()


@pytest.fixture(scope="session")
def opened_cascade() -> OpenedCascade:
    """A cascade on fake providers, with a client whose session is open."""
    return _opened
