"""What goes wrong with computed tomography: metal, few photons, lost slices, breathing."""

import numpy as np
import scipy

from corporis.apps.organs.artefacts import Artefact

METAL = 3000.0
LIMITS = (-1024.0, 3071.0)
"""Hounsfield units that a scanner writes."""
REACH = 40.0
"""Voxels over which streaks fade."""


def metal(volume, severity, random):
    """Streaks from a piece of metal over some slices; `severity` is their size in HU nearby."""
    n = volume.shape[0]
    length = int(random.uniform(0.15, 0.3) * n) + 1
    first = int(random.integers(0, max(n - length, 1)))
    places = np.argwhere(volume[first] > -200)
    y, x = places[random.integers(len(places))] if len(places) else np.array(volume.shape[1:]) // 2
    rows = np.arange(volume.shape[1])[:, None] - y
    columns = np.arange(volume.shape[2])[None, :] - x
    away, angle = np.hypot(rows, columns), np.arctan2(rows, columns)
    found = volume.copy()
    for k in range(first, first + length):
        rays = sum(
            random.normal() * np.cos(order * angle + random.uniform(0, 2 * np.pi))
            for order in (2, 4, 6, 9, 14, 20)
        )
        found[k] += severity * rays / 2.4 * np.exp(-away / REACH)
        found[k][away < 2.5] = METAL
    return found


def few_photons(volume, severity, random):
    """Noise that runs along the widest axis; `severity` is its deviation in HU."""
    noise = random.standard_normal(volume.shape, dtype=np.float32)
    along = scipy.ndimage.gaussian_filter1d(noise, 2.0, axis=2)
    noise = along + 0.3 * scipy.ndimage.gaussian_filter(noise, 0.6)
    return volume + severity * noise / max(float(noise.std()), 1e-6)


def lost_slices(volume, severity, random):
    """Slices without signal across the body; `severity` is their share of the height."""
    n = volume.shape[0]
    width = max(1, round(severity * n))
    first = round(random.uniform(0.2, 0.8) * n - width / 2)
    found = volume.copy()
    found[max(first, 0) : first + width] = -1024.0
    return found


def breathing(volume, severity, random):
    """Runs of slices taken in another state of breath; `severity` is the shift in voxels."""
    found, n = volume.copy(), volume.shape[0]
    width = max(2, n // 12)
    for first in range(int(random.integers(width)), n, 2 * width):
        shift = severity * random.uniform(-1, 1, 2)
        part = slice(first, min(first + width, n))
        whole = np.round(shift).astype(int)
        found[part] = np.roll(volume, (whole[0], whole[1]), (0, 1))[part]
    return found


CT_ARTEFACTS: dict[str, Artefact] = {
    "metal": Artefact(metal, 400.0, (50.0, 500.0), LIMITS),
    "few_photons": Artefact(few_photons, 90.0, (20.0, 110.0), LIMITS),
    "lost_slices": Artefact(lost_slices, 0.1, (0.03, 0.12), LIMITS),
    "breathing": Artefact(breathing, 4.0, (1.0, 5.0), LIMITS),
}
"""All kinds, each with a fixed severity near the upper end of what the training draws."""
