"""A server that does next to nothing: run it with `python -m harness.bench.null_server`.

To find what a client holds, the server must not reach its limit first, and one that decodes audio
does. This one looks at a frame's header and never unmasks its body: base64 of digital silence is
one group of four characters repeated, and so it is under any mask of four bytes. A turn ends at
the last frame that is not silent; the response is some audio in pieces, encoded when the
server starts, sent five times as fast as it plays. It begins with silence, as the responses of
services do.

It prints its address, then a line of JSON for every line on standard input, and ends with it.

Where there is a C compiler the process becomes the native program of the same behaviour
(`native/sink.c`), which takes less of its core and keeps every frame's arrival on demand;
`--python` keeps it as it is.
"""

import argparse
import asyncio
import base64
import contextlib
import gc
import json
import os
import struct
import sys
import tempfile
import threading
import time
from typing import cast

import numpy as np
import uvloop
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from harness.bench.native_program import native_program
from harness.corpus import speech_like
from harness.dialects import OpenAIRealtime

_RESPONSE_S, _LEAD_S = 1.5, 0.1
_PIECE_S = 0.1
_SPEED = 5.0
_RATE_HZ = OpenAIRealtime.audio.rate_hz
# Beyond the envelope's opening words in any spelling, and before its closing ones.
_HEAD_BYTES, _TAIL_BYTES = 64, 8
# Shorter messages carry no frame of audio, not even one of 10 ms.
_LEAST_AUDIO_BYTES = 500
_TURN = b"########"


class _Script:
    """What the server says, ready for the wire but for the number of the turn."""

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        speech = speech_like(rng, _RESPONSE_S - _LEAD_S, _RATE_HZ).astype("<i2")
        audio = bytes(2 * round(_LEAD_S * _RATE_HZ)) + speech.tobytes()
        size = round(2 * _PIECE_S * _RATE_HZ)
        pieces = [audio[start : start + size] for start in range(0, len(audio), size)]
        self.created = _ready("session.created", session={"id": "sess_null", "model": "null"})
        self.updated = _ready("session.updated", session={"id": "sess_null", "model": "null"})
        self.started = _ready("input_audio_buffer.speech_started", audio_start_ms=0)
        self.answer = b"".join(
            (
                _ready("input_audio_buffer.speech_stopped", audio_end_ms=0),
                _ready("input_audio_buffer.committed", item_id="item"),
                _ready("response.created", response={"id": _TURN.decode(), "status": "x"}),
            )
        )
        self.pieces = [
            _ready(
                "response.output_audio.delta",
                response_id=_TURN.decode(),
                item_id="item",
                output_index=0,
                content_index=0,
                delta=base64.b64encode(piece).decode(),
            )
            for piece in pieces
        ]
        done = {"id": _TURN.decode(), "status": "completed"}
        self.pieces.append(_ready("response.done", response=done))

    def packed(self) -> bytes:
        """Return all messages for the native program, each behind its length."""
        messages = (self.created, self.updated, self.started, self.answer, *self.pieces)
        return b"".join(struct.pack("=I", len(message)) + message for message in messages)


def _ready(kind: str, **fields: object) -> bytes:
    message = json.dumps({"type": kind, "event_id": "event", **fields}).encode()
    return Frame(Opcode.TEXT, message).serialize(mask=False)


class _Tally:
    """Audio frames received by all connections together, and sessions that are open."""

    frames = sessions = 0


class _Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, script: _Script, tally: _Tally) -> None:
        self._script, self._tally = script, tally
        self._core: ServerProtocol | None = ServerProtocol()
        self._transport: asyncio.Transport
        self._rest = b""
        self._speaking = self._gone = False
        self._turn = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop sending."""
        del exc
        self._gone = True
        self._tally.sessions -= self._core is None

    def data_received(self, data: bytes) -> None:
        """Count frames; the first bytes are the upgrade."""
        if self._core is not None:
            self._shake_hands(self._core, data)
            return
        if self._rest:
            data = self._rest + data
        at, size = 0, len(data)
        while size - at >= 8:
            length, head = data[at + 1] & 0x7F, 6
            if length == 126:
                length, head = data[at + 2] << 8 | data[at + 3], 8
            elif length == 127:
                length, head = int.from_bytes(data[at + 2 : at + 10], "big"), 14
            end = at + head + length
            if end > size:
                break
            self._take(data, data[at] & 0x0F, at + head, end)
            at = end
        self._rest = data[at:]

    def _shake_hands(self, core: ServerProtocol, data: bytes) -> None:
        core.receive_data(data)
        for request in core.events_received():
            assert isinstance(request, Request), "a client waits for the answer to its upgrade"
            core.send_response(core.accept(request))
            self._transport.writelines(core.data_to_send())
            self._transport.write(self._script.created)
            self._core = None
            self._tally.sessions += 1

    def _take(self, data: bytes, opcode: int, start: int, end: int) -> None:
        if opcode == Opcode.CLOSE:
            self._transport.write(Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=False))
            self._transport.close()
        elif opcode == Opcode.PING:
            mask, body = data[start - 4 : start], data[start:end]
            echoed = bytes(byte ^ mask[at % 4] for at, byte in enumerate(body))
            self._transport.write(Frame(Opcode.PONG, echoed).serialize(mask=False))
        elif opcode == Opcode.TEXT and end - start < _LEAST_AUDIO_BYTES:
            self._transport.write(self._script.updated)
        elif opcode == Opcode.TEXT:
            self._tally.frames += 1
            first, last = start + _HEAD_BYTES, end - _TAIL_BYTES
            silent = data[first : last - 4] == data[first + 4 : last]
            if silent is self._speaking:
                self._turned(silent)

    def _turned(self, silent: bool) -> None:
        self._speaking = not silent
        if not silent:
            self._transport.write(self._script.started)
            return
        self._turn += 1
        self._send(self._script.answer)
        self._say(0)

    def _say(self, piece: int) -> None:
        if self._gone:
            return
        self._send(self._script.pieces[piece])
        if piece + 1 < len(self._script.pieces):
            loop = asyncio.get_running_loop()
            loop.call_later(_PIECE_S / _SPEED, self._say, piece + 1)

    def _send(self, message: bytes) -> None:
        self._transport.write(message.replace(_TURN, b"%08d" % self._turn))


async def _serve() -> None:
    loop, ended, tally, script = asyncio.get_running_loop(), asyncio.Event(), _Tally(), _Script()
    server = await loop.create_server(
        lambda: _Connection(script, tally), "127.0.0.1", 0, backlog=1024
    )
    port = server.sockets[0].getsockname()[1]
    print(f"listening on ws://127.0.0.1:{port}/v1/realtime", flush=True)

    def answer_stdin() -> None:
        for _ in sys.stdin:
            found = {"frames": tally.frames, "open": tally.sessions, "cpu_s": time.process_time()}
            print(json.dumps(found), flush=True)
        with contextlib.suppress(RuntimeError):  # the loop may have ended first
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=answer_stdin, daemon=True).start()
    gc.freeze()
    gc.disable()
    await ended.wait()
    server.close()


def _become_native(program: str, script: bytes) -> None:
    """Replace this process by the native program; its process id stays."""
    with tempfile.TemporaryFile() as file:
        file.write(script)
        file.flush()
        descriptor = os.dup(file.fileno())
    os.set_inheritable(descriptor, True)
    os.execv(program, [program, f"/dev/fd/{descriptor}"])  # noqa: S606


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", action="store_true", help="never the native program")
    program = "" if parser.parse_args().python else native_program("sink")
    if isinstance(program, str):
        uvloop.run(_serve())
    else:
        _become_native(str(program), _Script().packed())


if __name__ == "__main__":
    main()
