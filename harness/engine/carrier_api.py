"""What of a carrier's REST API applications ask for during a call: to end it.

`POST …/Accounts/{AccountSid}/Calls/{CallSid}.json` with `Status=completed`, as Twilio documents it
(Voice, "Call resource", update; grade A). Applications are given our address in place of the
carrier's. Anything else is answered with an error in JSON, and changes nothing.
"""

import asyncio
import base64
import binascii
import hmac
import json
import re
from collections.abc import Callable
from urllib.parse import parse_qs

from harness.errors import BadInput, Fault, Party, Phase, sanitised

_CALL = re.compile(r"/Accounts/(\w{1,64})/Calls/(\w{1,64})(?:\.json)?$")
_ENDS = ("completed", "canceled")
_BODY_BYTES = 65_536
_PATIENCE_S = 10.0

HANG_UP = Fault(Party.THEIRS, Phase.CLOSE, "hung_up", "the application ended the call over REST")

HangUp = Callable[[str, Fault], bool]
"""Ends the call of a name, and tells whether there is one."""


class CarrierApi:
    """Listens for applications that end calls; runs on the engine's loop.

    Args:
        token: What requests have to show as the password of Basic credentials, `None` for nothing.
        hang_up: Ends a call.
    """

    def __init__(self, token: str | None, hang_up: HangUp) -> None:
        self._token, self._hang_up = token, hang_up
        self._server: asyncio.Server | None = None

    async def listen(self, address: str, port: int) -> int:
        """Begin, and return the port.

        Raises:
            BadInput: The address cannot be listened on.
        """
        try:
            self._server = await asyncio.start_server(self._serve, address, port)
        except OSError as error:
            raise BadInput(
                f"cannot listen: {sanitised(error.strerror or error)}",
                where=f"--carrier-api {address}:{port}",
                hint="Choose a free port; of several processes on a machine only one can have it",
            ) from error
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                head = await reader.readuntil(b"\r\n\r\n")
                lines = head.decode("latin-1").split("\r\n")
                pairs = (line.partition(":") for line in lines[1:])
                headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
                length = headers.get("content-length", "0")
                size = int(length) if length.isascii() and length.isdecimal() else 0
                body = await reader.readexactly(min(size, _BODY_BYTES))
                status, told = self._answer(lines[0], headers, body)
                content = json.dumps(told).encode()
                writer.write(
                    f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode()
                    + content
                )
                await writer.drain()
        except (OSError, EOFError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    def _answer(
        self, line: str, headers: dict[str, str], body: bytes
    ) -> tuple[str, dict[str, object]]:
        """Do what a request asks for; return the status and the content of the answer."""
        if self._token is not None and not _shows(headers.get("authorization", ""), self._token):
            return _refusal("401 Unauthorized", "the password is not the account's token")
        method, _, rest = line.partition(" ")
        found = _CALL.search(rest.partition(" ")[0].partition("?")[0])
        if method != "POST" or found is None:
            return _refusal("404 Not Found", "only calls can be ended here")
        account, call = found.groups()
        status = parse_qs(body.decode("latin-1")).get("Status", [""])[0].lower()
        if status not in _ENDS:
            return _refusal("400 Bad Request", "only Status=completed is understood here")
        if not self._hang_up(call, HANG_UP):
            return _refusal("404 Not Found", "there is no such call")
        return "200 OK", {"sid": call, "account_sid": account, "status": "completed"}


def _refusal(status: str, words: str) -> tuple[str, dict[str, object]]:
    return status, {"status": int(status[:3]), "message": words}


def _shows(authorization: str, token: str) -> bool:
    """Return whether Basic credentials have this password."""
    try:
        shown = base64.b64decode(authorization.partition(" ")[2], validate=True)
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(shown.partition(b":")[2], token.encode())
