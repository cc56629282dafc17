"""Tables of a heart in motion: regions and courses as CSV, everything else as JSON."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from corporis.apps.heart_motion.clinical import Clinical
from corporis.apps.heart_motion.regions import Region
from corporis.cohorts.heart import plain
from corporis.imaging.output import write_bytes

REGION_COLUMNS = (
    "part", "region", "segment", "layer", "direction", "peak_percent", "peak_deviation_percent",
    "end_systolic_percent", "peak_frame", "time_to_peak_ms", "systolic_rate_per_s",
    "diastolic_rate_per_s", "post_systolic_percent",
)  # fmt: skip
CURVE_COLUMNS = (
    "part", "region", "segment", "layer", "direction", "frame", "time_ms", "strain_percent",
    "green_strain", "deviation_percent",
)  # fmt: skip


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write numbers and words; what is no number becomes null."""
    write_bytes(path, json.dumps(plain(content), indent=1, ensure_ascii=False).encode())


def write_table(path: Path, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write a CSV file; what is not known stays empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(["" if v is None or v != v else v for v in row])
    write_bytes(path, text.getvalue().encode())


def region_lines(region: Region, numbers: Callable[[Region, str], Clinical]) -> list[list[Any]]:
    """A row of `REGION_COLUMNS` for each direction."""
    rows = []
    for component in region.strain:
        found, spread = numbers(region, component), region.deviation.get(component)
        wide = None
        if spread is not None and found.peak_frame is not None:
            wide = float(spread[found.peak_frame])
        rows.append(
            [
                region.part,
                region.name,
                region.segment,
                region.layer,
                component,
                found.peak,
                wide,
                found.end_systolic,
                None if found.peak_frame is None else found.peak_frame + 1,
                found.time_to_peak_ms,
                found.systolic_rate,
                found.diastolic_rate,
                found.post_systolic,
            ]
        )
    return rows


def curve_lines(region: Region, times_ms: np.ndarray | None) -> list[list[Any]]:
    """A row of `CURVE_COLUMNS` for each direction and frame."""
    rows = []
    for component, course in region.strain.items():
        spread = region.deviation.get(component, np.full(len(course), np.nan))
        for t, value in enumerate(course):
            time = None if times_ms is None else float(times_ms[t])
            green = float(region.green[component][t])
            words = [region.part, region.name, region.segment, region.layer, component]
            rows.append([*words, t + 1, time, float(value), green, float(spread[t])])
    return rows
