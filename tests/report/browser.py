"""A page as a browser has it, asked from outside: the page itself allows no script."""

import json
import subprocess
import time
import urllib.request
from contextlib import suppress
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
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
        try:
            with connect(_socket(profile / "DevToolsActivePort")) as door:
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


def _socket(told: Path) -> str:
    """Return where to talk to the browser's only page, once it has told its port."""
    give_up_s = time.monotonic() + 60
    while time.monotonic() < give_up_s:
        with suppress(OSError, IndexError):
            port = told.read_text().splitlines()[0]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=30) as answer:
                for tab in json.load(answer):
                    if tab["type"] == "page":
                        return str(tab["webSocketDebuggerUrl"])
        time.sleep(0.05)
    raise AssertionError("the browser did not start")
