"""Rendering by inverse mapping: each sub-sample of a voxel asks which tissue is there now."""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from corporis.imaging.image import Image
from corporis.interfaces import Case
from corporis.phantoms.heart import VirtualHeart
from corporis.phantoms.population import random_heart
from corporis.phantoms.scanner import HEART_TO_RAS, Scanner
from corporis.phantoms.tissue import Tissue, Torso

SUBSLICES = 3
LONG_AXES = {"lax_4ch": np.pi / 3, "lax_2ch": np.pi / 3 + np.pi / 2}


def plane_points(affine: np.ndarray, side: int, depth: float = 0.0) -> np.ndarray:
    """Points (side, side, 3), single precision, of a plane shifted by `depth` slice steps."""
    index = np.arange(side, dtype=np.float64)
    start = affine[:3, 3] + depth * affine[:3, 0]
    points = start + index[:, None, None] * affine[:3, 1] + index[:, None] * affine[:3, 2]
    return points.astype(np.float32)


def render_plane(
    torso: Torso, affine: np.ndarray, scanner: Scanner, phase: float
) -> tuple[np.ndarray, np.ndarray]:
    """Clean signal and labels (side, side) of one thick plane at one phase.

    The signal is the mean over the thickness, blurred in plane; the label is that of the middle.
    """
    side, heart = scanner.side, torso.heart
    thick = scanner.thickness_mm / np.linalg.norm(affine[:3, 0])
    depths = (np.arange(SUBSLICES) - (SUBSLICES - 1) / 2) / SUBSLICES * thick
    signal = np.zeros((side, side), np.float32)
    for depth in depths:
        points = plane_points(affine, side, depth).reshape(-1, 3)
        places = heart.places(points, phase)
        signal += torso.signal(points, places).reshape(side, side) / SUBSLICES
        if abs(depth) < 1e-9:  # the middle one: SUBSLICES is odd
            labels = places.labels().reshape(side, side)
    blur = scanner.blur_mm / scanner.pixel_mm
    return ndimage.gaussian_filter(signal, blur), labels


def slice_affines(scanner: Scanner, rng: np.random.Generator) -> np.ndarray:
    """Planes of the stack in the heart's frame, slipped where the scanner says so.

    What is *imaged* slips; the geometry that the images report does not know of it.
    """
    base = scanner.stack_affine()
    slips = rng.normal(0, scanner.slip_mm, (scanner.n_slices, 2)) if scanner.slip_mm else None
    affines = np.repeat(base[None], scanner.n_slices, axis=0)
    columns, rows, _ = scanner.axes()
    for s in range(scanner.n_slices):
        affines[s, :3, 3] += s * base[:3, 0]
        if slips is not None:
            affines[s, :3, 3] += slips[s, 0] * columns + slips[s, 1] * rows
    return affines


def render_stack(
    torso: Torso,
    scanner: Scanner,
    phases: Sequence[float] | np.ndarray,
    rng: np.random.Generator,
    plane=render_plane,
) -> tuple[np.ndarray, np.ndarray]:
    """Spoilt frames and labels, each (n_slices, n_phases, side, side)."""
    affines = slice_affines(scanner, rng)
    shape = (scanner.n_slices, len(phases), scanner.side, scanner.side)
    frames, labels = np.empty(shape, np.float32), np.empty(shape, np.uint8)
    for s, affine in enumerate(affines):
        for t, phase in enumerate(phases):
            frames[s, t], labels[s, t] = plane(torso, affine, scanner, float(phase))
    field = scanner.field(rng)
    return scanner.spoil(frames, rng, field), labels


def render(
    heart: VirtualHeart,
    scanner: Scanner | None = None,
    tissue: Tissue | None = None,
    *,
    seed: int = 0,
    long_axis: bool = True,
    cycle_ms: float = 900.0,
    plane=render_plane,
) -> Case:
    """A cine study of a virtual heart.

    Parameters
    ----------
    heart : VirtualHeart
    scanner : Scanner, optional
    tissue : Tissue, optional
    seed : int
        Of noise, receive field and slips.
    long_axis : bool
        Whether there are a four- and a two-chamber view too.
    cycle_ms : float
        Length of the beat.
    plane : callable
        The rendering path: `render_plane` here, or `kspace_rendering.render_plane_kspace`.

    Returns
    -------
    Case
        Images ``sax``, ``lax_4ch``, ``lax_2ch`` in RAS+ mm, and the true labels of the short
        axis as ``expert_labels``; the heart itself under ``facts["heart"]``.
    """
    scanner, tissue = scanner or Scanner(), tissue or Tissue()
    rng = np.random.default_rng(seed)
    torso = Torso.of(heart, tissue)
    frames, labels = render_stack(torso, scanner, scanner.phases, rng, plane)
    to_ras = np.eye(4)
    to_ras[:3, :3] = HEART_TO_RAS
    to_ras[:3, 3] = (-40.0, 10.0, 20.0)
    times = scanner.phases * cycle_ms if scanner.n_frames > 1 else None
    axes = ("slice", "time", "row", "column")
    sax = Image(
        frames,
        axes,
        to_ras @ scanner.stack_affine(),
        times_ms=times,
        slice_thickness_mm=scanner.thickness_mm,
        facts={"modality": "MR"},
    )
    images = {"sax": sax, "expert_labels": sax.with_data(labels, unit="label")}
    if long_axis:
        for name, angle in LONG_AXES.items():
            affine = scanner.long_axis_affine(angle)
            clean = np.stack([plane(torso, affine, scanner, float(p))[0] for p in scanner.phases])
            images[name] = Image(
                scanner.spoil(clean, rng, scanner.field(rng)),
                ("time", "row", "column"),
                to_ras @ affine,
                times_ms=times,
                slice_thickness_mm=scanner.thickness_mm,
                facts={"modality": "MR"},
            )
    facts = {"modality": "MR", "heart": heart, "heart_to_ras": to_ras}
    return Case("virtual-heart", images, {}, facts)


def sample_training_heart(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A random heart at end-diastole and end-systole for training.

    Returns
    -------
    frames : float32 array, (n_slices, 2, side, side)
    labels : int8 array of the same shape
        0 none, 1 left cavity, 2 left muscle, 3 right cavity.
    """
    heart = random_heart(rng)
    scanner = Scanner.random(rng, heart, side=128, n_frames=2)
    torso = Torso.of(heart, Tissue.random(rng)).crowded(rng)
    frames, labels = render_stack(torso, scanner, (0.0, heart.systole), rng)
    return frames, labels.astype(np.int8)
