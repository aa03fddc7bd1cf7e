"""A page as a browser has it, asked from outside: the page itself allows no script."""

import json
import re
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

from websockets.sync.client import connect
from websockets.sync.connection import Connection

_WORDS = (
    *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-quic", "--autoplay-policy=no-user-gesture-required"),
    "--remote-debugging-port=0",
)


def ask(page: Path, script: str, profile: Path) -> Any:
    """Return what a script returns in a page that has loaded.

    Args:
        page: The page's file.
        script: Body of an asynchronous function.
        profile: An empty folder for the browser.
    """
    words = [*_WORDS, f"--user-data-dir={profile}", "about:blank"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as browser:
        try:
            assert browser.stderr is not None
            told = (re.search(r"DevTools listening on ws://([^/]+)/", x) for x in browser.stderr)
            host = next(found[1] for found in told if found)
            with connect(_socket(host)) as door:
                _send(door, 1, "Page.enable")
                _send(door, 2, "Page.navigate", url=page.as_uri())
                _until(door, "method", "Page.loadEventFired")
                how = {"awaitPromise": True, "returnByValue": True}
                _send(door, 3, "Runtime.evaluate", expression=f"(async()=>{{{script}}})()", **how)
                return _until(door, "id", 3)["result"]["result"]["value"]
        finally:
            browser.terminate()


def _send(door: Connection, number: int, method: str, **params: object) -> None:
    door.send(json.dumps({"id": number, "method": method, "params": params}))


def _until(door: Connection, key: str, value: object) -> Any:
    """Return the first message from the browser that has this in it."""
    while (message := json.loads(door.recv(timeout=60))).get(key) != value:
        pass
    return message


def _socket(host: str) -> str:
    """Return where to talk to the browser's only page."""
    while True:
        with urllib.request.urlopen(f"http://{host}/json/list", timeout=30) as answer:
            for tab in json.load(answer):
                if tab["type"] == "page":
                    return str(tab["webSocketDebuggerUrl"])
