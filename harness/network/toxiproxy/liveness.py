"""Detecting that a server hangs while its process still runs."""

import threading

import requests

_MISSED = 2


class Liveness:
    """Polls a server to see whether it still answers.

    Args:
        url: Address of its API.
        every_s: Time between requests.
        limit_s: How long an answer may take.

    Attributes:
        silent: Whether it gave no answer in time, twice in a row.
    """

    def __init__(self, url: str, every_s: float, limit_s: float) -> None:
        self.silent = False
        self._url, self._every_s, self._limit_s = url, every_s, limit_s
        self._stopped = threading.Event()
        threading.Thread(target=self._ask, daemon=True).start()

    def stop(self) -> None:
        """Stop polling."""
        self._stopped.set()

    def _ask(self) -> None:
        missed = 0
        with requests.Session() as session:
            session.trust_env = False
            while not self._stopped.wait(self._every_s) and missed < _MISSED:
                try:
                    session.get(f"{self._url}/version", timeout=self._limit_s)
                    missed = 0
                except requests.RequestException:
                    missed += 1
        self.silent = missed == _MISSED and not self._stopped.is_set()
