"""Measures as a table that any spreadsheet opens."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from corporis.imaging.output import write_bytes
from corporis.interfaces import Report

COLUMNS = ("application", "measure", "value", "unit", "low", "high", "note")


def write_measures(report: Report | Sequence[Report], path: Path | str) -> Path:
    """Write the measures of one or several reports as CSV, one measure a line.

    Parameters
    ----------
    report : Report or sequence of Report
    path : path
        The file appears complete or not at all. UTF-8; numbers with all their digits; empty
        where a value or a bound of its 95 % interval is not known.

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    reports = [report] if isinstance(report, Report) else list(report)
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for each in reports:
        for m in each.measures:
            numbers = [None if v is None else float(v) for v in (m.value, m.low, m.high)]
            rows.writerow([each.application, m.name, numbers[0], m.unit, *numbers[1:], m.note])
    return write_bytes(path, text.getvalue().encode("utf-8"))
