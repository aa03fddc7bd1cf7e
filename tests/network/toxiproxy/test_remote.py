import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from harness.errors import BadInput
from harness.network.toxiproxy.remote import RemoteToxiproxy, parse_api
from harness.network.toxiproxy.toxic_client import ApiAddress


@contextmanager
def server(version: str, token: str = "") -> Iterator[int]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            bare = token and self.headers["Authorization"] != f"Bearer {token}"
            self.send_response(401 if bare else 200)
            self.end_headers()
            self.wfile.write(version.encode())

        def log_message(self, *args: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as it:
        thread = threading.Thread(target=it.serve_forever, args=(0.01,))
        thread.start()
        yield it.server_port
        it.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("http://127.0.0.1:8474", "127.0.0.1", 8474),
        ("http://toxi.example/", "toxi.example", 8474),
        ("toxi.example:99", "toxi.example", 99),
        ("http://[::1]:8474", "::1", 8474),
    ],
)
def test_an_address_is_host_and_port(url: str, host: str, port: int) -> None:
    api = parse_api(url, "secret")
    assert (api.host, api.port, api.token) == (host, port, "secret")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://x:1",
        "http://u:p@x:1",
        "ftp://u:p@x",
        "http://x:1/y",
        "http://x:99999",
        "ftp://x",
    ],
)
def test_what_is_no_address_is_refused_without_its_credentials(url: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_api(url, None)
    assert "u:p" not in str(caught.value)


@pytest.mark.parametrize(
    "said", ['{"version": "2.13.0"}', '{"version": "git"}', '{"version":"2.12"}']
)
def test_both_versions_will_do(said: str) -> None:
    with server(said) as port:
        RemoteToxiproxy(ApiAddress(host="127.0.0.1", port=port)).start()


@pytest.mark.parametrize(
    ("said", "complaint"), [('{"version": "2.9.0"}', "older"), ("hello", "no Toxiproxy")]
)
def test_what_will_not_do_is_refused(said: str, complaint: str) -> None:
    with server(said) as port, pytest.raises(BadInput, match=complaint):
        RemoteToxiproxy(ApiAddress(host="127.0.0.1", port=port)).start()


def test_the_token_is_shown_and_a_wrong_one_is_said() -> None:
    with server('{"version": "2.13.0"}', "t0ken") as port:
        RemoteToxiproxy(ApiAddress(host="127.0.0.1", port=port, token="t0ken")).start()
        with pytest.raises(BadInput, match="token") as caught:
            RemoteToxiproxy(ApiAddress(host="127.0.0.1", port=port, token="wr0ng")).start()
        assert "wr0ng" not in str(caught.value)


def test_nobody_there_is_said() -> None:
    with server("") as port:
        pass
    with pytest.raises(BadInput, match="no Toxiproxy answers"):
        RemoteToxiproxy(ApiAddress(host="127.0.0.1", port=port)).start()
