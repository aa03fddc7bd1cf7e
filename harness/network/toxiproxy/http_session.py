"""How the client library reaches the server."""

from typing import Any

import requests

_LIBRARY_HANDLES = (400, 404, 409)


class HttpSession(requests.Session):
    """Takes the place of `requests` in the library.

    By itself it calls `requests` without a time limit and through whatever proxy the environment
    names, and accepts a server error as an answer. It uses only this session's methods.
    """

    def __init__(self, token: str, limit_s: float) -> None:
        super().__init__()
        self.trust_env = False
        self._limit_s = limit_s
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Make a request within the time limit; raise for what the library cannot read."""
        kwargs["timeout"] = self._limit_s
        response = super().request(*args, **kwargs)
        if not response.ok and response.status_code not in _LIBRARY_HANDLES:
            raise requests.HTTPError(response.text, response=response)
        return response
