"""The chain inside the scan as a person meets it: k-space in, a beating heart with outlines out."""

import datetime
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from corporis.apps.heart_shape import PixelEvidence
from corporis.cohorts.live import STEPS, LiveHeart, Moment, doubtful
from corporis.cohorts.study import Provenance
from corporis.errors import Unsupported
from corporis.imaging import (
    Image,
    KSpace,
    OutputFolder,
    read_kspace,
    write_measures,
    write_nifti,
)
from corporis.imaging.output import write_bytes
from corporis.interfaces import Case, Measure, Report
from corporis.shapes import mask_contours
from corporis.workstation.mri_page import MriPage, write_mri_page
from corporis.workstation.panel import Curve, View

LEAST_SIDE = 8
NAMES = {1: "left cavity", 2: "left muscle", 3: "right cavity"}


@dataclass(frozen=True)
class LiveRun:
    """Where the report is, and every moment of the scan."""

    report: Path
    moments: tuple[Moment, ...]
    result: Report


def run_live(
    source: Path | str,
    output: Path | str,
    *,
    mask: Path | str | None = None,
    variable: str | None = None,
    name: str | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> LiveRun:
    """Reconstruct, outline and follow a short-axis slice, frame by frame and without the future.

    Parameters
    ----------
    source : path
        K-space of one coil with frames, as `corporis.imaging.read_kspace` takes it.
    output : path
        Folder for report.html, report.json, measures.csv, reconstruction.nii.gz, outlines.nii.gz
        (1 left cavity, 2 left muscle, 3 right cavity), motion_down.nii.gz and motion_across.nii.gz
        (pixels); it appears complete or not at all.
    mask : path or None
        File with the samples to use.
    variable : str or None
        Name of the array in a file that holds several.
    name : str or None
        A neutral label, never a patient's name.
    progress : callable(text, fraction) or None
        Called after every frame with its latency.

    Raises
    ------
    CorporisError
        If the input cannot be read, has several coils or slices or no frames, or the output
        cannot be written.
    """
    clock, tell = Provenance.start(), progress or (lambda text, fraction: None)
    with OutputFolder(output) as folder:
        tell("reading", 0.0)
        kspace = read_kspace(source, mask=mask, variable=variable)
        data, masks = series_of(kspace)
        moments: list[Moment] = []
        for moment in LiveHeart(PixelEvidence.load()).moments(data, masks):
            moments.append(moment)
            words = f"frame {len(moments)} of {len(data)}: {1000 * moment.latency_s:.0f} ms"
            tell(words, 0.02 + 0.93 * len(moments) / len(data))
        label = name or f"scan-{str(kspace.facts.get('source_hash', ''))[:8]}"
        facts = {"source_hash": kspace.facts.get("source_hash", ""), "n_files": 1}
        case = Case(label, {"kspace": kspace}, facts=facts)
        result = report_of(moments, kspace)
        tell("writing", 0.96)
        provenance = clock.facts(case, {})
        for key, image in result.images.items():
            write_nifti(image, folder / f"{key}.nii.gz")
        write_measures([result], folder / "measures.csv")
        write_bytes(folder / "report.json", _content(result, moments, label, provenance).encode())
        write_mri_page(_page(result, moments, kspace, label, provenance), folder / "report.html")
    tell("done", 1.0)
    return LiveRun(Path(output) / "report.html", tuple(moments), result)


def series_of(kspace: KSpace) -> tuple[np.ndarray, np.ndarray]:
    """K-space and masks of a series of one coil and slice, (n_frames, rows, columns).

    Raises
    ------
    Unsupported
        If it is something else.
    """
    if not kspace.is_cartesian or kspace.is_volume:
        raise Unsupported("expected k-space of one slice on a raster, got another kind of scan")
    wanted = {"frame", "row", "column"}
    extra = {a: kspace.size(a) for a in kspace.axes if a not in wanted and kspace.size(a) > 1}
    if extra or "frame" not in kspace.axes or kspace.size("frame") < 2:
        came = ", ".join(f"{kspace.size(a)} {a}s" for a in kspace.axes)
        raise Unsupported(
            f"expected frames of one slice and one coil, got {came}: cut it, or use corporis mri"
        )
    plane = (kspace.size("row"), kspace.size("column"))
    frames = [kspace.at("frame", k) for k in range(kspace.size("frame"))]
    if min(plane) < LEAST_SIDE:
        raise Unsupported(f"expected at least {LEAST_SIDE} rows and columns, got {plane}")
    data = np.stack([np.asarray(f.data).reshape(plane) for f in frames])
    masks = np.stack([np.reshape(f.sampled, plane) for f in frames])
    empty = np.flatnonzero(~np.any(data * masks, axis=(1, 2)))
    if len(empty):
        named = ", ".join(str(k + 1) for k in empty[:5])
        raise Unsupported(f"expected samples in every frame, got none in frame {named}: cut it out")
    return data, masks


def report_of(moments: Sequence[Moment], kspace: KSpace) -> Report:
    """Images, areas and latencies of a scan."""
    axes = ("frame", "row", "column")
    labels = np.stack([m.labels for m in moments])
    plane = kspace.image(np.abs(np.stack([m.image for m in moments])), axes)
    motion = np.stack([m.motion for m in moments]).astype(np.float32)
    images = {
        "reconstruction": plane,
        "outlines": kspace.image(labels.astype(np.float32), axes),
        "motion_down": kspace.image(motion[:, 0], axes),
        "motion_across": kspace.image(motion[:, 1], axes),
    }
    took = np.array([[m.seconds[s] for s in STEPS] for m in moments])
    area, unit = areas(labels, plane)
    measures = [
        Measure("largest area of the left cavity", float(np.max(area)), unit),
        Measure("least area of the left cavity", float(np.min(area)), unit),
        Measure("latency of a frame, median", 1e3 * float(np.median(took.sum(1))), "ms"),
        Measure("latency of a frame, largest", 1e3 * float(took.sum(1).max()), "ms"),
        *(
            Measure(f"{step}, median", 1e3 * float(np.median(took[:, k])), "ms")
            for k, step in enumerate(STEPS)
        ),
        Measure("frames without a left cavity", int(np.sum(area == 0)), ""),
        Measure(
            "frames with a doubtful outline",
            len(doubted := doubtful(labels)),
            "",
            note="no cavity, no ring of muscle around it, or an area unlike the frames before",
        ),
    ]
    methods = (
        "Each frame was made from its own samples and earlier frames only: causal total variation "
        "with a reference that follows the motion; outlines by the heart study's networks, voted "
        "with the outline of the frame before, carried along by the motion; motion by registration "
        "to the frame before. Latency is the time from a frame's last sample to its outline and "
        "motion, on this machine.",
    )
    warnings = _doubts(doubted, len(moments))
    return Report("live", tuple(measures), images, methods=methods, warnings=warnings)


def _doubts(doubted: Sequence[int], n_frames: int) -> tuple[str, ...]:
    if not doubted:
        return ()
    named = ", ".join(str(k + 1) for k in doubted[:8]) + (", ..." if len(doubted) > 8 else "")
    which = f"Doubtful outlines in {len(doubted)} of {n_frames} frames ({named})"
    if len(doubted) < n_frames / 3:
        return (f"{which}: do not measure there.",)
    return (f"{which}: this may be no short-axis view of a heart; do not use the outlines.",)


def areas(labels: np.ndarray, plane: Image) -> tuple[np.ndarray, str]:
    """Area of the left cavity over the frames, and its unit."""
    pixel = float(np.prod(plane.spacing[-2:])) if plane.length_unit == "mm" else 1.0
    unit = "cm²" if plane.length_unit == "mm" else "pixels"
    return (labels == 1).sum((1, 2)) * pixel / (100 if unit == "cm²" else 1), unit


def _content(result, moments, label, provenance) -> str:
    content = {
        "case": label,
        "study": "live",
        "measures": [asdict(m) for m in result.measures],
        "seconds": [dict(m.seconds) for m in moments],
        "methods": list(result.methods),
        "warnings": list(result.warnings),
        "provenance": provenance,
    }
    return json.dumps(content, indent=1)


def _page(result, moments, kspace, label, provenance) -> MriPage:
    plane = result.images["reconstruction"]
    labels = np.stack([m.labels for m in moments])
    area, unit = areas(labels, plane)
    pixel = None
    if plane.length_unit == "mm":
        pixel = (float(plane.spacing[-2]), float(plane.spacing[-1]))
    contours = {word: [mask_contours(m == value) for m in labels] for value, word in NAMES.items()}
    frames = np.abs(np.stack([m.image for m in moments]))
    latency = np.array([1e3 * m.latency_s for m in moments])
    sentence = (
        f"{len(moments)} frames from {100 * kspace.share:.0f} % of k-space, each reconstructed, "
        f"outlined and followed within {np.median(latency):.0f} ms as a rule (median), at most "
        f"{latency.max():.0f} ms."
    )
    return MriPage(
        case_name=label,
        sentence=sentence,
        measures=result.measures,
        views=[View("short axis", frames, contours, pixel, "While the scan runs")],
        beats=[
            Curve("area of the left cavity", unit, area),
            Curve("latency", "ms", latency),
        ],
        n_frames=len(moments),
        methods=result.methods,
        warnings=result.warnings,
        provenance=provenance,
        date=datetime.date.today().isoformat(),
    )
