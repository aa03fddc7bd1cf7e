"""The live page beside Locust's own: `/voice/`, and a tab of Locust's page that leads there.

By Locust's documented ways to extend its page: a blueprint of routes, a tab with a table, and a
link where it offers files. Our page is three files that contact only this server; its figures
come as JSON, and the script writes them as text only.
"""

import json
from collections.abc import Callable
from importlib import resources
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from harness.errors import redacted
from harness.load.monitoring.figures import LiveFigures, Shown

if TYPE_CHECKING:
    from locust.web import WebUI

PATH = "/voice"
_KEY = "voice"
_FILES = {"": "page.html", "page.js": "page.js", "page.css": "page.css"}
_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_COLUMNS = (
    ("network", "Network"),
    ("user_class", "User class"),
    ("metric", "Latency"),
    ("n", "Turns"),
    ("p50", "P50 (ms)"),
    ("p95", "P95 (ms)"),
    ("p99", "P99 (ms)"),
)


class VoicePage:
    """Serves the figures of the run that goes on, or of the last one.

    Args:
        web_ui: Locust's page, not started yet.
    """

    def __init__(self, web_ui: "WebUI") -> None:
        self._figures: LiveFigures | None = None
        self._refused = ""
        app = web_ui.app
        assert app is not None
        # Under the path that Locust's own page was given, and behind its login where it has one.
        base = getattr(web_ui.environment.parsed_options, "web_base_path", "") or ""
        guarded: Callable[..., Any] = web_ui.auth_required_if_enabled
        pages = Blueprint("voice", __name__, url_prefix=f"{base}{PATH}")
        pages.add_url_rule("/", "page", guarded(_file), defaults={"name": ""})
        pages.add_url_rule("/<path:name>", "file", guarded(_file))
        pages.add_url_rule("/figures.json", "figures", guarded(self._answer))
        app.register_blueprint(pages)
        app.after_request(self._extend)
        self._statistics = f"{base}/stats/requests"
        web_ui.template_args |= {
            "extended_tabs": [{"title": "Voice", "key": _KEY}],
            "extended_tables": [
                {"key": _KEY, "structure": [{"key": k, "title": title} for k, title in _COLUMNS]}
            ],
            "extended_csv_files": [{"href": f".{PATH}/", "title": "Voice: live page"}],
        }

    def show(self, figures: LiveFigures) -> None:
        """Show another run from now on."""
        self._figures, self._refused = figures, ""

    def refuse(self, why: str) -> None:
        """Say that the run that was asked for last cannot begin, above what there is of others."""
        self._refused = why

    def _answer(self) -> Response:
        figures = {} if self._figures is None else self._figures.shown()
        body = redacted(json.dumps({**figures, "refused": self._refused}, allow_nan=False))
        return Response(body, mimetype="application/json", headers=_HEADERS)

    def _extend(self, response: Response) -> Response:
        """Add the rows of our tab to what Locust's page asks for every two seconds."""
        if request.path == self._statistics and self._figures is not None and response.is_json:
            told = response.get_json()
            rows = _table(self._figures.shown()["rows"])
            told["extended_stats"] = [{"key": _KEY, "data": rows}]
            response.set_data(redacted(json.dumps(told)))
        return response


def _file(name: str) -> Response:
    found = _FILES.get(name)
    if found is None:
        return Response("not found", status=404, mimetype="text/plain", headers=_HEADERS)
    content = resources.files(__package__).joinpath(found).read_text(encoding="utf-8")
    kind = _TYPES[f".{found.rpartition('.')[2]}"]
    return Response(content, mimetype=kind, headers=_HEADERS)


def _table(rows: list[Shown]) -> list[Shown]:
    """Return the rows as Locust's table shows them: numbers, or a dash where there is none yet."""
    found = []
    for row in rows:
        for metric in row["metrics"].values():
            values = [p["ms"] for p in metric["percentiles"]]
            p50, p95, p99 = ("–" if ms is None else round(ms, 1) for ms in values)  # noqa: RUF001
            found.append(
                {
                    "network": row["network"] or "all",
                    "user_class": row["user_class"] or "all",
                    "metric": metric["title"],
                    "n": metric["n"],
                    "p50": p50,
                    "p95": p95,
                    "p99": p99,
                }
            )
    return found
