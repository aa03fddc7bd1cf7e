"""A Toxiproxy that is run by somebody else: used, and left running."""

import re
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.environment import LOOPBACK
from harness.errors import BadInput, sanitised
from harness.network.toxiproxy.toxic_client import ApiAddress

if TYPE_CHECKING:
    import requests

_DEFAULT_PORT = 8474
_LIMIT_S = 5.0
_OLDEST = (2, 12)
_HINT = "Give it as http://HOST:8474; a token goes into TOXIPROXY_AUTH_TOKEN."


def parse_api(url: str, token: str | None) -> ApiAddress:
    """Return the Toxiproxy that `url` names.

    Args:
        url: Such as `http://127.0.0.1:8474` or `host:8474`.
        token: Bearer token that it requires, `None` for none.

    Raises:
        BadInput: It is no such address.
    """
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = parts.port
    except ValueError as error:
        raise BadInput(str(error), where="--toxiproxy", hint=_HINT) from error
    if parts.username is not None or parts.query:
        raise BadInput("an address holds no credentials", where="--toxiproxy", hint=_HINT)
    if parts.scheme != "http" or not parts.hostname or parts.path not in ("", "/"):
        where = f"--toxiproxy {sanitised(url)}"
        raise BadInput("is not the address of a Toxiproxy", where=where, hint=_HINT)
    return ApiAddress(host=parts.hostname, port=port or _DEFAULT_PORT, token=token or "")


class RemoteToxiproxy:
    """A server that is already running, with the interface of `ToxiproxyServer`.

    Args:
        api: Where it is.
    """

    def __init__(self, api: ApiAddress) -> None:
        self.api = api

    @property
    def port(self) -> int:
        """Port of its API."""
        return self.api.port

    @property
    def url(self) -> str:
        """Address of its API."""
        return self.api.url

    def start(self) -> None:
        """Check that it answers and that its version is supported.

        Raises:
            BadInput: Nobody answers, it is not Toxiproxy, too old, or wants another token.
        """
        # Not for whoever only reads an address: it takes long to load.
        import requests

        try:
            answer = self._ask()
        except requests.RequestException as error:
            raise BadInput("no Toxiproxy answers", where=self.url, hint=_HINT) from error
        if answer.status_code in (401, 403):
            raise BadInput("it wants another token", where=self.url, hint=_HINT)
        said = answer.text[:100] if answer.ok else ""
        if "version" not in said:
            raise BadInput("what answers is no Toxiproxy", where=self.url, hint=_HINT)
        number = re.search(r"(\d+)\.(\d+)", said)  # one that Go built calls its version "git"
        if number and (int(number[1]), int(number[2])) < _OLDEST:
            raise BadInput(
                f"it is {sanitised(number[0])}, older than 2.12", where=self.url, hint="Renew it."
            )

    def reached_from(self) -> str:
        """Return the address by which it reaches this machine, as far as is known.

        Raises:
            BadInput: Nobody answers.
        """
        if self.api.host in LOOPBACK:
            return "127.0.0.1"
        try:
            with socket.create_connection((self.api.host, self.api.port), _LIMIT_S) as here:
                return str(here.getsockname()[0])
        except OSError as error:
            raise BadInput("no Toxiproxy answers", where=self.url, hint=_HINT) from error

    def alive(self) -> bool:
        """Return `True`: there is no process to check, and `Liveness` polls its API."""
        return True

    def stop(self) -> None:
        """Leave it running."""

    def _ask(self) -> "requests.Response":
        import requests

        with requests.Session() as session:
            session.trust_env = False
            headers = {"Authorization": f"Bearer {self.api.token}"} if self.api.token else {}
            # A path that wants the token, where there is one.
            if not (
                found := session.get(f"{self.url}/proxies", headers=headers, timeout=_LIMIT_S)
            ).ok:
                return found
            return session.get(f"{self.url}/version", headers=headers, timeout=_LIMIT_S)
