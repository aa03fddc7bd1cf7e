"""What people and CI systems read of runs, gates, capacity searches and corpora: text, pages, data.

Views, which compute no statistic of their own: printed numbers are those of `summary.json` and of
reports of `analysis`, figures and `turns.csv` are drawn from the records. The only package that
knows pandas, matplotlib and jinja2. Text from servers and corpora is escaped.
"""

from pathlib import Path

from harness.model import Run, Summary
from harness.report.beside import ALONE, Beside

__all__ = ["Beside", "write_markdown", "write_report", "write_turns"]


def write_report(run_dir: Path, run: Run, summary: Summary, beside: Beside = ALONE) -> Path:
    """Write `report.html` into a run's folder, whole or not at all.

    Args:
        run_dir: The run's folder.
        run: The records; figures are drawn from them.
        summary: Of the run; every printed number is one of it.
        beside: What is shown beside it.

    Returns:
        The file.

    Raises:
        BadInput: The file cannot be written.
    """
    from harness.recording import replace_file
    from harness.report import listening
    from harness.report.page import render_page

    path, heard = run_dir / "report.html", listening.sections(run_dir, run)
    replace_file(path, render_page(run, summary, beside, heard).encode())
    return path


def write_markdown(run_dir: Path, run: Run, summary: Summary, beside: Beside = ALONE) -> Path:
    """Write `report.md` into a run's folder: the words and tables of the page.

    Raises:
        BadInput: The file cannot be written.
    """
    from harness.recording import replace_file
    from harness.report.markdown import as_markdown
    from harness.report.page import page_of

    path = run_dir / "report.md"
    replace_file(path, as_markdown(page_of(run, summary, beside)).encode())
    return path


def write_turns(run_dir: Path, run: Run) -> Path:
    """Write `turns.csv` into a run's folder: one row a turn, latencies included.

    Raises:
        BadInput: The file cannot be written.
    """
    from harness.recording import replace_file
    from harness.report.export import turns_table

    path = run_dir / "turns.csv"
    replace_file(path, turns_table(run).to_csv(index=False).encode())
    return path
