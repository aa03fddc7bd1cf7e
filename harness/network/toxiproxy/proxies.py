"""Proxies in one Toxiproxy: made and removed through the client library.

What is called from here blocks plainly and may be called from threads or, under Locust, from
greenlets. The library keeps the server's address for the whole process: one Toxiproxy a process.
"""

import contextlib
import hashlib
import itertools
import os
import secrets
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import requests
import toxiproxy
import toxiproxy.api
import toxiproxy.exceptions

from harness.environment import LOOPBACK
from harness.errors import BadInput, HarnessError, RunInvalid
from harness.network.toxiproxy.http_session import HttpSession
from harness.network.toxiproxy.ports import candidate_ports
from harness.network.toxiproxy.toxic_client import ApiAddress
from harness.network.toxiproxy.toxics import Toxic

_API_LIMIT_S = 5.0
_TAKEN = "address already in use"


def prefix_of(process_id: int) -> str:
    """Return how the proxies of a process of this machine are named, up to a random part."""
    machine = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]
    return f"harness-{machine}-{process_id}"


def is_leftover(name: str) -> bool:
    """Return whether a proxy belongs to a process of this machine that has ended."""
    process_id = name.removeprefix(prefix_of(0)[:-1]).split("-")[0]
    if not name.startswith(prefix_of(0)[:-1]) or not process_id.isdigit():
        return False
    try:
        os.kill(int(process_id), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


class Proxies:
    """The proxies that one process has made in a Toxiproxy.

    Args:
        api: The Toxiproxy, running.
        ports: Where proxies may listen.
        alive: Returns whether the Toxiproxy is still running.
    """

    def __init__(self, api: ApiAddress, ports: range, alive: Callable[[], bool]) -> None:
        self._api, self._range, self._alive = api, ports, alive
        self._ports = candidate_ports(ports)
        self._prefix = f"{prefix_of(os.getpid())}-{secrets.token_hex(4)}"
        self._numbers = itertools.count()
        self._spare: dict[str, list[tuple[Any, int]]] = {}
        toxiproxy.api.requests = HttpSession(api.token, _API_LIMIT_S)
        toxiproxy.Toxiproxy().update_api_consumer(api.host, api.port)

    def remove_leftovers(self) -> int:
        """Remove what runs of this machine left in a Toxiproxy when they were killed.

        Returns:
            How many proxies there were. Those of runs that go on, of other machines and of
            anybody else stay.

        Raises:
            RunInvalid: Toxiproxy is gone, does not answer or refuses.
        """
        with self._explained():
            found = toxiproxy.api.APIConsumer.get("/proxies").json()
            left = [proxy for proxy in found.values() if is_leftover(proxy["name"])]
            for proxy in left:
                toxiproxy.api.APIConsumer.delete(f"/proxies/{proxy['name']}")
        return len(left)

    def open(self, upstream: str, chain: Sequence[Toxic]) -> tuple[Any, int]:
        """Return a proxy to `upstream` with toxics in this order, and its port.

        Raises:
            BadInput: No port is left.
            RunInvalid: Toxiproxy is gone, does not answer or refuses.
        """
        with self._explained():
            spare = self._spare.get(upstream)
            proxy, port = spare.pop() if spare else self._listen(upstream)
            try:
                for toxic in chain:
                    proxy.add_toxic(
                        name=toxic.name,
                        type=toxic.kind,
                        stream=toxic.stream,
                        attributes=toxic.attributes,
                    )
            except BaseException:
                self.remove(proxy)
                raise
        return proxy, port

    def stock(self, upstream: str, count: int) -> None:
        """Make proxies for sessions to come, all in one request.

        Raises:
            BadInput: No port is left.
            RunInvalid: Toxiproxy is gone, does not answer or refuses.
        """
        spare = self._spare.setdefault(upstream, [])
        tries = iter(range(len(self._range)))
        with self._explained():
            while len(spare) < count:
                if next(tries, None) is None:
                    raise self._no_port()
                ports = list(itertools.islice(self._ports, count - len(spare)))
                wanted = [
                    {"name": self._name(), "upstream": upstream, "listen": self._listens(port)}
                    for port in ports
                ]
                try:
                    answer = toxiproxy.api.APIConsumer.post("/populate", json=wanted)
                except requests.HTTPError as error:
                    if _TAKEN not in str(error):
                        raise
                    answer = error.response
                made = answer.json()["proxies"] or []
                spare += [
                    (toxiproxy.Proxy(**proxy), int(proxy["listen"].rpartition(":")[2]))
                    for proxy in made
                ]
                if not made:
                    next(self._ports)  # the taken one

    def remove(self, proxy: Any) -> bool:
        """Remove a proxy and cut what passes through it; return whether the server answered."""
        try:
            with contextlib.suppress(toxiproxy.exceptions.NotFound):
                proxy.destroy()
        except requests.HTTPError:
            return True
        except requests.RequestException:
            return False
        return True

    def remove_all(self, proxies: Sequence[Any]) -> None:
        """Remove these and what was stocked; a server that does not answer is asked once."""
        spare = [proxy for found in self._spare.values() for proxy, _ in found]
        self._spare.clear()
        all(map(self.remove, (*proxies, *spare)))

    def _listen(self, upstream: str) -> tuple[Any, int]:
        """Make a proxy on the next port that is free.

        The library's own `create` first fetches all proxies with their toxics: its time grows
        with the square of the sessions, and it hangs when one of them does. This request does
        neither, which also makes it safe to call concurrently.
        """
        name = self._name()
        for port in itertools.islice(self._ports, len(self._range)):
            request = {"name": name, "upstream": upstream, "listen": self._listens(port)}
            try:
                answer = toxiproxy.api.APIConsumer.post("/proxies", json=request)
            except requests.HTTPError as error:
                if _TAKEN not in str(error):
                    raise
                continue
            return toxiproxy.Proxy(**answer.json()), port
        raise self._no_port()

    def _no_port(self) -> BadInput:
        first, last = self._range[0], self._range[-1]
        return BadInput(
            f"ports {first} to {last} are all in use",
            where=self._api.url,
            hint="Name others with --toxiproxy-ports, let other runs end, or start fewer sessions",
        )

    def _name(self) -> str:
        return f"{self._prefix}-{next(self._numbers)}"

    def _listens(self, port: int) -> str:
        """Return where a proxy listens: where its server's API does, as far as is known."""
        return f"{'127.0.0.1' if self._api.host in LOOPBACK else '0.0.0.0'}:{port}"  # noqa: S104

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what the library raises into what a person can act on."""
        try:
            yield
        except (
            requests.RequestException,
            toxiproxy.exceptions.InvalidToxic,
            toxiproxy.exceptions.NotFound,
            toxiproxy.exceptions.ProxyExists,
        ) as error:
            raise self._trouble(error) from error

    def _trouble(self, error: Exception) -> HarnessError:
        if not self._alive():
            what = "Toxiproxy has ended"
        elif isinstance(error, requests.Timeout):
            what = f"Toxiproxy did not answer within {_API_LIMIT_S:g} s"
        elif isinstance(error, requests.ConnectionError):
            what = "Toxiproxy cannot be reached any more"
        else:
            what = f"Toxiproxy refused: {error}"
        return RunInvalid(
            what,
            where=self._api.url,
            hint="Without it no network is impaired; run again, or without network profiles.",
        )
