"""What the report of a reconstruction shows: images, samples, velocity, convergence."""

import datetime
from typing import Any

import numpy as np
from skimage.measure import find_contours

from corporis.apps.mri import flow
from corporis.apps.mri.account import sampled_share
from corporis.apps.mri.reconstruct import SINGLE, Method
from corporis.imaging import KSpace
from corporis.interfaces import Report
from corporis.operators import Trajectory
from corporis.workstation.mri_page import MriPage
from corporis.workstation.panel import Curve, View

MOST_VIEWS = 24
"""Planes that the report shows; the files hold all."""


def mri_page(label, kspace: KSpace, result: Report, provenance, truth=None) -> MriPage:
    """Everything the report shows."""
    first = result.facts["slices"][0]
    wrong = None if truth is None else relative_error(result, truth)
    return MriPage(
        case_name=label,
        sentence=_sentence(kspace, result, wrong),
        measures=result.measures,
        views=[
            *_image_views(result, truth),
            *_velocity_views(result),
            *_sample_views(result.facts["encodings"][0]),
        ],
        curves=_convergence(first),
        beats=velocity_curves(result),
        every=1 if first.gap is None else 10,
        methods=result.methods,
        references=result.references,
        warnings=result.warnings,
        provenance=provenance,
        date=datetime.date.today().isoformat(),
    )


def _image_views(result: Report, truth) -> list[View]:
    """The planes, and beside the first what it is compared with."""
    image = result.images["reconstruction"]
    data = np.asarray(image.data)
    planes = data.reshape(-1, *data.shape[-2:])
    is_single = len(planes) == 1
    group = "Image" if is_single else "Reconstruction"
    if len(planes) > MOST_VIEWS:
        group += f", the first {MOST_VIEWS} of {len(planes)}"
    other = "Image" if is_single else "The first, for comparison"
    word = _word(image)
    pixel = _pixel(result)
    views = [
        View(_name(k, len(planes), word), plane[None], **pixel, group=group)
        for k, plane in enumerate(planes[:MOST_VIEWS])
    ]
    blurred = np.abs(result.facts["zero_filled"])
    views.append(View("zero-filled", blurred[None], **pixel, group=other))
    if "g_factor" in result.images:
        factor = np.asarray(result.images["g_factor"].data)
        factor = factor.reshape(-1, *factor.shape[-2:])[0]
        top = max(float(np.nanquantile(factor, 0.999)), 1.01)
        words = f"g-factor, black 1 to white {top:.3g}"
        views.append(View(words, factor[None], group=other, window=(1.0, top)))
    if truth is not None:
        reference = truth.reshape(planes.shape)
        scale = float(np.sum(planes * reference) / max(float(np.sum(planes**2)), 1e-30))
        wrong = np.abs(scale * planes[0] - reference[0])
        views.append(View("reference", reference[0][None], **pixel, group=other))
        views.append(View("error, own grey scale", wrong[None], **pixel, group=other))
    return views


def _word(image) -> str:
    """What a plane of the image is."""
    return "frame" if "time" in image.axes else "contrast" if "channel" in image.axes else "plane"


def _pixel(result: Report) -> dict[str, Any]:
    """Row and column step of the reconstruction: in mm, or only their ratio."""
    image = result.images["reconstruction"]
    rows, columns = (float(v) for v in image.spacing[-2:])
    return {"pixel_mm" if image.length_unit == "mm" else "shape_of_pixel": (rows, columns)}


def _velocity_views(result: Report) -> list[View]:
    """Velocity through the plane on one grey scale for all, and the vessel as it was guessed."""
    if "velocity" not in result.images:
        return []
    maps, signal = _velocities(result)
    most = float(np.quantile(np.abs(maps[:, signal > 0.3 * signal.max()]), 0.999)) or 1.0
    shown = np.where(signal > 0.1 * signal.max(), maps, 0.0)[:MOST_VIEWS]
    vessel = _vessel(maps, signal)
    lines = find_contours(vessel.astype(float), 0.5) if vessel.any() else []
    contours = {"vessel, guessed": [lines]} if lines else {}
    pixel = _pixel(result)
    word = _word(result.images["velocity"])
    group = f"Velocity, black {-most:.3g} to white {most:.3g} cm/s"
    return [
        View(f"{word} {k + 2}", p[None], contours, group=group, window=(-most, most), **pixel)
        for k, p in enumerate(shown)
    ]


def _velocities(result: Report):
    """Velocity of all planes but the reference, and the reference's brightness."""
    maps = np.asarray(result.images["velocity"].data)
    brightness = np.asarray(result.images["reconstruction"].data)
    return maps.reshape(-1, *maps.shape[-2:])[1:], brightness.reshape(-1, *maps.shape[-2:])[0]


def _vessel(maps, signal) -> np.ndarray:
    """Where velocity is large: the vessel, as far as it can be guessed."""
    strong = signal > 0.3 * signal.max()
    highest = np.abs(maps).max(axis=0)
    return strong & (highest > 0.5 * np.quantile(highest[strong], 0.999))


def velocity_curves(result: Report) -> list[Curve]:
    """Mean velocity in the vessel, and where lengths are known the flow through it."""
    if "velocity" not in result.images:
        return []
    maps, signal = _velocities(result)
    vessel = _vessel(maps, signal)
    if len(maps) < 2 or not vessel.any():
        return []
    # the reference shows no velocity: its place on the axis stays empty
    mean = np.concatenate([[np.nan], maps[:, vessel].mean(axis=1)])
    curves = [Curve("mean velocity in the vessel", "cm/s", mean)]
    pixel = _pixel(result).get("pixel_mm")
    if pixel is not None:
        through = np.concatenate([[np.nan], flow(maps, vessel, pixel)])
        curves.append(Curve("flow through the vessel", "ml/s", through))
    return curves


def _sample_views(encoding) -> list[View]:
    """Where k-space was sampled, and how strong it is."""
    if isinstance(encoding.operator, Trajectory):
        return [View("samples a pixel of k-space", _density(encoding)[None], group="k-space")]
    length = np.sqrt(np.sum(np.abs(encoding.data.reshape(-1, *encoding.mask.shape)) ** 2, axis=0))
    logarithm = np.log10(np.maximum(length, 1e-3 * length.max()))
    views = [View("logarithm of the samples", logarithm[None], group="k-space")]
    if encoding.mask.all():
        return views
    return [View("sampled frequencies", encoding.mask[None].astype(float), group="k-space"), *views]


def _density(encoding):
    """How many samples of a trajectory fall on each pixel of k-space."""
    shape = encoding.operator.shape
    points = encoding.operator.points.reshape(-1, 2) / (2 * np.pi)
    place = np.clip((points + 0.5) * shape, 0, np.array(shape) - 1).astype(int)
    found = np.zeros(shape)
    np.add.at(found, tuple(place.T), 1)
    return np.minimum(found, np.quantile(found[found > 0], 0.95))


def _convergence(first) -> list[Curve]:
    """Gap or change over the iterations."""
    trace = np.asarray(first.trace, dtype=float)
    if len(trace) < 2:
        return []
    word = "relative change" if first.gap is None else "certified gap"
    if first.method == Method.LEAST_SQUARES:
        word = "relative residual"
    return [Curve(word, "log10", np.log10(np.maximum(trace, 1e-12)))]


def _name(number, total, word):
    return f"{word} {number + 1}" if total > 1 else "magnitude"


def _sentence(kspace, result, error):
    slices = result.facts["slices"]
    share = f"{100 * sampled_share(kspace):.0f} % of k-space"
    many = f"{len(slices)} planes" if len(slices) > 1 else "One plane"
    coils = f"{kspace.n_coils} coils" if kspace.n_coils > 1 else "one coil"
    of_first = "The first: " if len(slices) > 1 and slices[0].method in SINGLE else ""
    sentence = f"{many} from {share}, {coils}. {of_first}{slices[0].statement}"
    if "velocity" in result.images:
        peak = next(m for m in result.measures if m.name == "largest velocity")
        sentence = f"Velocity up to {peak.value:.3g} cm/s (99.9th percentile). {sentence}"
    if error is not None:
        sentence += f" Relative error against the reference: {100 * error:.2f} %."
    return sentence


def relative_error(result: Report, truth: np.ndarray) -> float:
    """Relative error of the magnitude, after the best common scale, 0 to 1."""
    image = np.squeeze(np.asarray(result.images["reconstruction"].data, dtype=float))
    scale = float(np.sum(image * truth) / max(np.sum(image**2), 1e-30))
    return float(np.linalg.norm(scale * image - truth)) / max(float(np.linalg.norm(truth)), 1e-30)
