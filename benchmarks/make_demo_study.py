"""Make the embedded demo study: the cine study of one real patient, cropped to the heart.

Usage: python benchmarks/make_demo_study.py [--margin MM] [--out FOLDER]

Reads `bivme_patient1` (see `corporis.imaging.datasets`), crops every series to the bounding box
of the given fitted surfaces of all frames in its own image plane, widened by a margin so that
the heart must still be found, moves each image position to the new corner exactly, and writes
the same ``.npz`` series and ``PROVENANCE.md``.
"""

import argparse
import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np

from corporis.imaging.datasets import bivme_surfaces, demo_study, fetch
from corporis.imaging.npz import Archive
from corporis.imaging.output import write_bytes
from corporis.imaging.plane import LPS_TO_RAS

TEXT = """# Where the demo study comes from

A real heart: the cine MRI study of one patient (short and long axis, 25 frames a series).

- Source: https://github.com/UOA-Heart-Mechanics-Research/biv-me at commit d01024f8,
  `example/dicoms`. Names, dates of birth, institutions and private tags had been removed.
- Licence: Apache-2.0, Copyright the authors of biv-me. The licence text is the project's own
  `LICENSE` (the same licence). Changes: the DICOM series were rewritten as `.npz`, and cropped.
- What was cropped: each of the eleven series, in its own image plane, to the bounding box of
  the surfaces fitted by the authors (all frames) plus {margin:g} mm on every side, as far as the
  image reaches. No frame was left out, no pixel changed. `image_position` was moved to the new
  first pixel.
- Made by `benchmarks/make_demo_study.py` from the files with the SHA-256 in
  `src/corporis/imaging/registry.txt`.
- Nothing in this package was trained or tuned on this patient.

| file | rows kept | columns kept | of | SHA-256 |
|---|---|---|---|---|
{rows}
"""


def main():
    """Write the study and say how large it became."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--margin", type=float, default=30.0, help="mm around the heart")
    parser.add_argument("--out", type=Path, default=demo_study())
    arguments = parser.parse_args()
    source = fetch("bivme_patient1")
    surfaces = bivme_surfaces(source)
    heart = np.concatenate([m.points.reshape(-1, 3) for m in surfaces.values()]) @ LPS_TO_RAS
    rows, total = [], 0
    for number in range(1, 12):
        path = source / f"Se{number}.npz"
        series = dict(Archive(path))
        shape = series["image"].shape[1:]
        kept = window(series, heart, arguments.margin)
        content = packed(cropped(series, *kept))
        write_bytes(arguments.out / path.name, content)
        total += len(content)
        spans = " | ".join(f"{s.start} to {s.stop - 1}" for s in kept)
        digest = hashlib.sha256(content).hexdigest()
        rows.append(f"| {path.name} | {spans} | {shape[0]} x {shape[1]} | `{digest}` |")
    text = TEXT.format(margin=arguments.margin, rows="\n".join(rows))
    write_bytes(arguments.out / "PROVENANCE.md", text.encode("utf-8"))
    print(f"{len(rows)} series, {total / 1e6:.2f} MB in {arguments.out}")


def window(series, points, margin):
    """Row and column slices that hold all points (LPS, mm), projected, plus the margin in mm."""
    away = points - series["image_position"]
    directions = series["image_orientation"].reshape(2, 3)
    spans = []
    for axis in (0, 1):  # rows lie along the second direction, columns along the first
        spacing = series["pixel_spacing"][axis]
        along = away @ directions[1 - axis] / spacing
        low = int(np.floor(along.min() - margin / spacing))
        high = int(np.ceil(along.max() + margin / spacing)) + 1
        spans.append(slice(max(low, 0), min(high, series["image"].shape[1 + axis])))
    return tuple(spans)


def cropped(series, rows, columns):
    """The series within a window, its position moved to the window's first pixel."""
    across, down = series["image_orientation"].reshape(2, 3)
    height, width = series["pixel_spacing"]
    shift = columns.start * width * across + rows.start * height * down
    return {
        **series,
        "image": series["image"][:, rows, columns],
        "image_position": series["image_position"] + shift,
    }


def packed(series):
    """The bytes of a compressed ``.npz``; equal arrays give equal bytes (no dates inside)."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, values in series.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(values), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, member.getvalue(), compresslevel=9)
    return target.getvalue()


if __name__ == "__main__":
    main()
