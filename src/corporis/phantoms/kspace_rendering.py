"""Rendering from surfaces through k-space: a path that shares nothing with inverse mapping.

The heart's triangle meshes are cut by sub-planes of each slice, the outlines are filled on a fine
grid over a background of its own, and the scanner's resolution is that of the central k-space,
with its ringing. Tests and benchmarks use it so that nothing is measured on data made with the
grid and interpolation that the networks were trained on.
"""

import numpy as np
from scipy import fft, ndimage

from corporis.phantoms.scanner import Scanner
from corporis.phantoms.tissue import Torso
from corporis.shapes import cut_by_plane, fill_polygon

FINE = 3
SUBSLICES = 4


def render_plane_kspace(
    torso: Torso, affine: np.ndarray, scanner: Scanner, phase: float
) -> tuple[np.ndarray, np.ndarray]:
    """Clean signal and labels (side, side) of one thick plane, as `rendering.render_plane`."""
    fine, labels = fine_plane(torso, affine, scanner, phase)
    return np.abs(coarse_image(fine, scanner)).astype(np.float32), labels


def fine_plane(
    torso: Torso, affine: np.ndarray, scanner: Scanner, phase: float
) -> tuple[np.ndarray, np.ndarray]:
    """Signal of one thick plane on a grid `FINE` times finer, and labels (side, side)."""
    heart, side = torso.heart, scanner.side
    surfaces = heart.surfaces([phase], n_levels=48, n_angles=96)
    meshes = {name: mesh.at(0) for name, mesh in surfaces.items()}
    thick = scanner.thickness_mm / np.linalg.norm(affine[:3, 0])
    depths = (np.arange(SUBSLICES) + 0.5) / SUBSLICES * thick - thick / 2
    fine = np.zeros((FINE * side, FINE * side))
    for depth in depths:
        masks = _sections(meshes, affine, depth, side)
        painted = _paint(torso, masks, scanner)
        fine += _above_base(painted, torso, affine, depth, phase, masks) / SUBSLICES
    middle = _sections(meshes, affine, 0.0, side)
    centre = (FINE - 1) // 2
    labels = np.zeros((side, side), np.uint8)
    for name, value in (("right_endocardium", 3), ("left_epicardium", 2), ("left_endocardium", 1)):
        labels[middle[name][centre::FINE, centre::FINE]] = value
    return fine, labels


def _sections(meshes, affine, depth, side) -> dict[str, np.ndarray]:
    """Filled cross-sections on the fine grid."""
    step = 1.0 / FINE
    point = affine[:3, 3] + depth * affine[:3, 0]
    inverse = np.linalg.inv(affine[:3, :3])
    normal = np.cross(affine[:3, 1], affine[:3, 2])
    masks = {}
    for name, mesh in meshes.items():
        mask = np.zeros((FINE * side, FINE * side), bool)
        for curve in cut_by_plane(mesh, point, normal):
            index = (curve - point) @ inverse.T
            # Fine pixel k lies at (k - (FINE - 1) / 2) / FINE coarse pixels.
            fine = index[:, 1:] / step + (FINE - 1) / 2
            mask |= fill_polygon(fine, mask.shape)
        masks[name] = mask
    return masks


def _paint(torso, masks, scanner) -> np.ndarray:
    """Tissue on the fine grid: own background, noise textures instead of waves."""
    t, n = torso.tissue, FINE * scanner.side
    rng = np.random.default_rng(t.seed + 1)
    left, wall = masks["left_endocardium"], masks["left_epicardium"]
    right = masks["right_endocardium"] & ~wall
    grid = np.indices((n, n)) / n - 0.5
    centre = rng.uniform(-0.05, 0.05, 2)
    out = np.full((n, n), t.lung)
    body = ((grid[0] - centre[0]) / 0.47) ** 2 + ((grid[1] - centre[1]) / 0.49) ** 2
    slope = rng.uniform(0.15, 0.3)
    out[grid[0] > slope + 0.3 * grid[1]] = t.liver
    for _ in range(6):
        y, x, radius = *rng.uniform(-0.45, 0.45, 2), rng.uniform(0.03, 0.1)
        out[(grid[0] - y) ** 2 + (grid[1] - x) ** 2 < radius**2] = rng.uniform(0.05, 1.1)
    out[grid[1] < -0.33 + 0.1 * grid[0]] = t.chest
    out[(body > 0.85) & (body < 1)] = t.fat
    out[body >= 1] = 0.02
    heart = wall | masks["right_endocardium"]
    reach = max(1, round(torso.fat_depth / scanner.pixel_mm * FINE / 2))
    if heart.any():
        out[ndimage.binary_dilation(heart, iterations=reach)] = t.fat
        out[ndimage.binary_dilation(right, iterations=round(3 / scanner.pixel_mm * FINE))] = (
            t.muscle
        )
    noise = ndimage.gaussian_filter(rng.standard_normal((n, n)), 2.5 * FINE)
    noise /= noise.std()
    out[right] = t.blood * 0.95
    out[wall] = t.muscle
    out[left] = t.blood
    out *= 1 + 0.7 * t.texture * noise
    strands = left & ndimage.binary_dilation(~left, iterations=2 * FINE) & (noise > 0.6)
    out[strands] = 0.5 * (t.blood + t.muscle)
    return out


def _above_base(out, torso, affine, depth, phase, masks):
    """Planes that pass above the base show the atrium and the aortic root."""
    t, model = torso.tissue, torso.heart
    index = (np.indices(out.shape) - (FINE - 1) / 2) / FINE
    start = affine[:3, 3] + depth * affine[:3, 0]
    x, y, z = (start[k] + index[0] * affine[k, 1] + index[1] * affine[k, 2] for k in range(3))
    base = model.outer_length_mm * (1 - model.stretch(phase))
    heart = masks["left_epicardium"] | masks["right_endocardium"]
    above = (z < base) & (z > base - 45) & ~heart
    for cx, cy, size in ((0.0, 0.0, 1.0), (0.45, 0.4, 0.6)):
        away = np.hypot(x - cx * model.radius_mm, y - cy * model.radius_mm)
        out[above & (away < size * model.radius_mm + 3)] = t.muscle
        out[above & (away < size * model.radius_mm)] = 0.97 * t.blood
    return out


def coarse_image(fine: np.ndarray, scanner: Scanner) -> np.ndarray:
    """What the central k-space of a fine image shows, with the scanner's blur; complex.

    Coarse pixel j is the mean of fine pixels ``FINE j .. FINE j + FINE - 1``.
    """
    side = scanner.side
    spectrum = fft.fftshift(fft.fft2(fine))
    start = (FINE * side) // 2 - side // 2
    kept = spectrum[start : start + side, start : start + side]
    frequency = fft.fftshift(fft.fftfreq(side)) * (scanner.blur_mm / scanner.pixel_mm)
    window = np.exp(-2 * (np.pi * frequency) ** 2)
    # the coarse pixel's centre lies (FINE - 1) / 2 further on the fine grid
    shift = np.exp(2j * np.pi * fft.fftshift(fft.fftfreq(side)) * (FINE - 1) / (2 * FINE))
    kept = kept * np.outer(window * shift, window * shift)
    return fft.ifft2(fft.ifftshift(kept)) / FINE**2
