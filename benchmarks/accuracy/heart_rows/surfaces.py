"""The rebuilt surface against given fitted surfaces of a whole cine study."""

from pathlib import Path

import numpy as np

from corporis.apps.heart_shape import HeartShape
from corporis.imaging import read
from corporis.imaging.datasets import bivme_surfaces
from corporis.interfaces import Mesh
from corporis.shapes import clip, surface_distance, volume


def find(folder: Path) -> list[Path]:
    """Folders that hold cine series and one file of fitted surfaces."""
    found = []
    for path in sorted(folder.rglob("*.npz")):
        with np.load(path, allow_pickle=False) as archive:
            if {"lv_endocardial_points", "lv_endocardial_faces"} <= set(archive.files):
                found.append(path.parent)
    return found


def rows(folder: Path, evidence, prior) -> dict:
    """Mean distance over frames in mm and ejection fraction error in points; nothing if absent."""
    scores = [_one(path, evidence, prior) for path in find(folder)]
    if not scores:
        return {}
    return {key: float(np.mean([s[key] for s in scores])) for key in scores[0]}


def _one(folder: Path, evidence, prior) -> dict:
    report = HeartShape(evidence, prior=prior)(read(folder))
    fitted = bivme_surfaces(folder)
    n_times = len(fitted["lv_endocardial"].points)
    pairs = {
        "surface_mm": ("left_endocardium", "lv_endocardial"),
        "surface_right_mm": ("right_endocardium", "rv_endocardial"),
        "surface_outer_mm": ("left_epicardium", "epicardial"),
    }
    planes = [_base_plane(fitted["lv_endocardial"].at(t)) for t in range(n_times)]
    out, volumes = {}, {}
    for key, (ours_name, theirs_name) in pairs.items():
        if ours_name not in report.meshes:
            continue
        ours, theirs = report.meshes[ours_name], fitted[theirs_name]
        distance, both = [], []
        for time in range(n_times):
            # Both series are retrospectively gated to 25 frames: frame k is phase k / 25.
            mine = clip(_nearest(ours, time / n_times), *planes[time])
            other = clip(theirs.at(time), *planes[time])
            distance.append(surface_distance(mine, other).mean)
            both.append((volume(mine), volume(other)))
        out[key] = float(np.mean(distance))
        volumes[key] = np.array(both)
    left = volumes["surface_mm"]
    ef = 100 * (1 - left.min(axis=0) / left[0])
    out["surface_ef_error_points"] = float(abs(ef[0] - ef[1]))
    out["surface_ef_points"] = float(ef[0])
    out["surface_fitted_ef_points"] = float(ef[1])
    return out


def _nearest(mesh: Mesh, phase: float) -> Mesh:
    times = np.arange(len(mesh.points)) / len(mesh.points)
    return mesh.at(int(np.argmin(np.abs((times - phase + 0.5) % 1 - 0.5))))


def _base_plane(mesh: Mesh):
    """A point of the mitral plane and its normal, pointing away from the apex.

    The plane is fitted to the open rims of the surface and lies below nine tenths of them.
    """
    edges = np.sort(mesh.cells[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    unique, count = np.unique(edges, axis=0, return_counts=True)
    rim = mesh.points[np.unique(unique[count == 1])]
    centre = rim.mean(axis=0)
    normal = np.linalg.svd(rim - centre)[2][2]
    used = mesh.points[np.unique(mesh.cells)]
    normal = normal * -np.sign((used.mean(axis=0) - centre) @ normal)
    return centre + np.percentile((rim - centre) @ normal, 10) * normal, normal
