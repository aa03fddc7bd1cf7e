import base64
import hashlib
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from harness.errors import Fault, Party, Phase
from harness.model import Run, Summary, TurnRecord, TurnStatus, ValidityState
from harness.report import write_report
from harness.report.formatting import MISSING
from harness.report.page import render_page

MakeRun = Callable[..., Run]
SummaryOf = Callable[[Run], Summary]
_VOID = {"meta", "br", "hr", "img", "input", "link", "path", "use"}
_EVIL = "<script>alert(1)</script>'\"><b onclick=alert(2)>&]]>-->"


class _Strict(HTMLParser):
    """Checks that tags nest, and collects identifiers, references and text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in _VOID:
            self.open.append(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id" and value:
                self.ids.append(value)
            if name in ("src", "href", "srcset", "data", "action", "poster", "xlink:href"):
                self.references.append(value or "")
            self.references += re.findall(r"url\(([^)]*)\)", value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open, f"</{tag}> closes nothing"
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _parsed(html: str) -> _Strict:
    parser = _Strict()
    parser.feed(html)
    parser.close()
    assert not parser.open
    return parser


@pytest.fixture(scope="module")
def html(make_run: MakeRun, summary_of: SummaryOf) -> str:
    run = make_run(fault_every=40)
    return render_page(run, summary_of(run))


def test_page_is_well_formed_and_has_one_script_of_its_own(html: str) -> None:
    parsed = _parsed(html)
    assert not parsed.tags & {"iframe", "link", "img", "object", "embed", "base"}
    _assert_only_its_own_script(html)


def _assert_only_its_own_script(html: str) -> None:
    """Check that the page's policy lets one script run, by its digest, and nothing be fetched."""
    (script,) = re.findall(r"<script[^>]*>(.*?)</script>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', html)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == f"'sha256-{digest}'"
    assert "javascript:" not in html


def test_page_refers_to_nothing_outside_itself(html: str) -> None:
    assert all(reference.startswith("#") for reference in _parsed(html).references)
    assert "@import" not in html
    style = "".join(re.findall(r"<style>(.*?)</style>", html, re.DOTALL))
    assert "url(" not in style
    assert "default-src 'none'" in html


def test_identifiers_are_unique_and_every_reference_has_its_target(html: str) -> None:
    parsed = _parsed(html)
    assert len(parsed.ids) == len(set(parsed.ids))
    assert {reference[1:] for reference in parsed.references} <= set(parsed.ids)


def test_no_stand_in_colour_is_left(html: str) -> None:
    assert not re.findall(r"#[abc]0000\d", html)


def test_validity_stands_before_any_number(html: str) -> None:
    assert html.index('class="state">VALID') < html.index('class="cards"')


def test_foreign_text_is_escaped_wherever_it_shows(
    make_run: MakeRun, summary_of: SummaryOf
) -> None:
    fault = Fault(Party.THEIRS, Phase.RESPONSE, _EVIL, _EVIL)
    run = make_run(calls=12, fault_every=5, fault=fault)
    run = replace(
        run,
        turns=tuple(_hostile(turn, at) for at, turn in enumerate(run.turns)),
        sessions=tuple(
            replace(session, session_id=_EVIL + session.session_id, network=_EVIL)
            for session in run.sessions
        ),
        manifest=replace(
            run.manifest,
            target=_EVIL,
            model=_EVIL,
            scenario=_EVIL,
            run_id=_EVIL,
            settings={_EVIL: _EVIL},
            corpus=replace(run.manifest.corpus, name=_EVIL, source=_EVIL),
        ),
    )
    summary = summary_of(run)
    validity = replace(summary.validity, state=ValidityState.INVALID, reasons=(_EVIL,))
    summary = replace(summary, validity=validity)
    html = render_page(run, summary)
    parsed = _parsed(html)
    assert not {name for name in parsed.attributes if name.startswith("on")}
    assert "b" not in parsed.tags
    _assert_only_its_own_script(html)
    assert html.count("&lt;script&gt;") > 40


def _hostile(turn: TurnRecord, at: int) -> TurnRecord:
    """Return the turn with hostile text wherever a server, a corpus or a scenario puts some."""
    return replace(
        turn,
        session_id=_EVIL + turn.session_id,
        network=_EVIL,
        utterance_id=_EVIL,
        user_class=f"{_EVIL}{at % 2}",
        condition=f"{_EVIL}{at % 2}" if at % 2 else "",
        original_id=_EVIL,
        provider_ids={_EVIL: _EVIL},
    )


def test_invalid_run_has_banner_reason_and_watermark(
    make_run: MakeRun, summary_of: SummaryOf
) -> None:
    run = make_run(calls=12)
    summary = summary_of(run)
    reasons = ("the generator stalled",)
    validity = replace(summary.validity, state=ValidityState.INVALID, reasons=reasons)
    summary = replace(summary, validity=validity)
    html = render_page(run, summary)
    assert 'class="watermark"' in html
    assert 'class="verdict invalid"' in html
    assert "the generator stalled" in html


def test_valid_run_has_no_watermark(html: str) -> None:
    assert 'class="watermark"' not in html


def test_unsupported_percentiles_say_why_and_are_never_zero(
    make_run: MakeRun, summary_of: SummaryOf
) -> None:
    run = make_run(calls=1, turns_each=3, networks=("ideal",))
    html = render_page(run, summary_of(run))
    card = re.search(
        r'P99 voice to voice</a></p><p class="value">(.*?)</p><p class="under">(.*?)<', html
    )
    assert card is not None
    assert card.groups() == (MISSING, "needs 299 turns, has 3")
    assert "ideal P99: needs 299 turns, has 3." in html


def test_run_without_turns_can_be_shown(make_run: MakeRun, summary_of: SummaryOf) -> None:
    run = replace(make_run(calls=0), send_lateness=None, loop_lag=None, events=())
    html = render_page(run, summary_of(run))
    assert "INVALID" in html
    assert "<svg" not in html
    assert "no: killed, or still going on" in html


def test_synthetic_speech_is_said_above_the_numbers(
    make_run: MakeRun, summary_of: SummaryOf
) -> None:
    run = make_run(calls=6, synthetic=True)
    html = render_page(run, summary_of(run))
    assert html.index("Synthetic speech") < html.index('class="cards"')
    whole = run.manifest.corpus
    parts = tuple(replace(whole, name=name, synthetic=name == "made") for name in ("made", "x"))
    run = replace(run, manifest=replace(run.manifest, corpus=replace(whole, parts=parts)))
    html = render_page(run, summary_of(run))
    assert "no person said what some callers say (made)." in html
    assert "recorded speech, but for made: no person said that" in html


def test_faults_are_counted_by_party_phase_and_code(html: str) -> None:
    rows = re.findall(r"<tr><th scope=\"row\">theirs</th>(.*?)</tr>", html)
    matrix, kinds = (re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows)
    assert matrix == ["9", "9"]
    assert kinds == ["response", "rate_limit_exceeded", "turn", "Slow down", "2 to 50", "9"]


def test_page_names_what_is_needed_to_repeat_the_run(html: str) -> None:
    for needed in ("cd" * 32, "ef" * 32, "0123456789abcdef", "arrivals 1", "python 3.11.7"):
        assert needed in html


def test_fifty_thousand_turns_stay_below_two_megabytes(
    make_run: MakeRun, summary_of: SummaryOf, tmp_path: Path
) -> None:
    small = make_run(fault_every=40)
    turns = small.turns * (50_000 // len(small.turns) + 1)
    run = replace(small, turns=turns[:50_000])
    path = write_report(tmp_path, run, summary_of(small))
    assert path.stat().st_size < 2_000_000
    assert "of 50\N{NARROW NO-BREAK SPACE}000 turns" in path.read_text(encoding="utf-8")


def test_report_replaces_the_former_one_and_leaves_nothing_else(
    make_run: MakeRun, summary_of: SummaryOf, tmp_path: Path
) -> None:
    run = make_run(calls=3)
    (tmp_path / "report.html").write_text("old")
    assert write_report(tmp_path, run, summary_of(run)) == tmp_path / "report.html"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not on PATH")
def test_browser_lays_a_narrow_window_out_without_overflow(html: str, tmp_path: Path) -> None:
    # The page allows no script, so a probe page without that rule measures a copy of it.
    probe = (
        "<script>const d=document.documentElement;d.dataset.over="
        "[...document.querySelectorAll('main *')].filter(e=>!e.closest('.scroll,svg')"
        "&&e.getBoundingClientRect().right>391).length+Math.max(0,d.scrollWidth-390)</script></body>"
    )
    open_page = re.sub(r"<meta http-equiv=[^>]*>", "", html).replace("</body>", probe)
    (tmp_path / "inner.html").write_text(open_page, encoding="utf-8")
    (tmp_path / "outer.html").write_text(
        '<body style="margin:0"><iframe src="inner.html" style="width:390px;height:900px;border:0">'
        "</iframe><script>onload=()=>{document.title=document.body.innerHTML="
        "'over='+frames[0].document.documentElement.dataset.over}</script>",
        encoding="utf-8",
    )
    assert "over=0" in _in_browser(tmp_path / "outer.html")


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not on PATH")
def test_browser_runs_the_script_that_the_policy_names(html: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    shown = _in_browser(tmp_path / "page.html")
    assert 'class="strata"' in shown
    assert "Sort by this column" in shown
    assert 'class="strata"' not in html


def _in_browser(page: Path) -> str:
    """Return what the browser makes of a page."""
    words = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    words += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    words += ["--disable-quic", "--allow-file-access-from-files", "--dump-dom"]
    words += [f"--user-data-dir={page.parent / 'profile'}", page.as_uri()]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout


def test_a_run_in_text_has_the_first_token_as_its_headline(
    make_text_run: MakeRun, summary_of: SummaryOf
) -> None:
    run = make_text_run(fault_every=40, lost_as=TurnStatus.NO_REPLY)
    page = _Strict()
    page.feed(render_page(run, summary_of(run)))
    words = " ".join(page.text)
    assert "P95 time to first token" in words
    assert "Time to first token by network" in words
    assert "P95 voice to voice" not in words
    assert "no turns in audio were measured" in words
    assert "Frames sent" not in words
    assert "Utterances went out as their transcripts" in words
