"""Lines that ride on muscle: tags where the motion puts them, rims, rejected observations."""

import numpy as np

from corporis.apps.heart_motion.film import FilmMotion

STEP_PX = 0.3
CROSS_PX = 0.45
MOST_CROSSES = 60
GRID_PX = 2.0
FINEST_PX = 0.8
"""Distance of points along a line that is drawn."""


def lines_of(film: FilmMotion) -> dict[str, list[list[np.ndarray]]]:
    """Outlines of a film by name, one list a frame, in pixels of its images.

    Frames whose numbers are not reported have none.
    """
    first = "tag lines" if film.tags is not None else "material lines"
    lines = _tag_lines(film) if film.tags is not None else _grid_lines(film)
    rims = [np.concatenate([rim, rim[:1]]) for rim in film.wall.rims]
    found = {first: _ridden(film, lines), "rims": _ridden(film, rims)}
    crosses = _crosses(film)
    if any(crosses):
        found["rejected"] = crosses
    return {
        name: [lines if t < film.n_reported else [] for t, lines in enumerate(frames)]
        for name, frames in found.items()
    }


def inside(film: FilmMotion, places: np.ndarray) -> np.ndarray:
    """Whether material places (n, 2) lie in the wall."""
    off = places - film.wall.centre
    radius, angle = np.hypot(*off.T), np.mod(np.arctan2(off[:, 1], off[:, 0]), 2 * np.pi)
    rims = np.hypot(*(film.wall.rims - film.wall.centre).transpose(2, 0, 1))
    around = 2 * np.pi * np.arange(rims.shape[1] + 1) / rims.shape[1]
    low, high = (np.interp(angle, around, [*rim, rim[0]]) for rim in rims)
    return (radius >= low) & (radius <= high)


def _tag_lines(film):
    """Dark lines of the tags at rest, where the phase is half a turn."""
    reach = np.hypot(*(film.wall.rims[1] - film.wall.centre).T).max()
    lines = []
    for k, phase in zip(film.tags.wave_vectors, film.tags.phases):
        length = np.linalg.norm(k)
        normal, along = k / length, np.array([-k[1], k[0]]) / length
        middle = (film.wall.centre @ k + phase) / (2 * np.pi) - 0.5
        span = reach * length / (2 * np.pi)
        for count in range(int(np.ceil(middle - span)), int(np.floor(middle + span)) + 1):
            offset = ((count + 0.5) * 2 * np.pi - phase - film.wall.centre @ k) / length
            lines += _runs(film, film.wall.centre + offset * normal, along, reach)
    return lines


def _grid_lines(film):
    """A square grid of material lines."""
    reach = np.hypot(*(film.wall.rims[1] - film.wall.centre).T).max()
    step = max(GRID_PX, reach / 9)
    lines = []
    for normal in np.eye(2):
        for offset in np.arange(-reach, reach, step):
            lines += _runs(film, film.wall.centre + offset * normal, normal[::-1], reach)
    return lines


def _runs(film, start, along, reach):
    """The pieces of a straight line that lie in the wall."""
    points = start + np.arange(-reach, reach, STEP_PX)[:, None] * along
    found = np.flatnonzero(inside(film, points))
    if len(found) < 2:
        return []
    pieces = np.split(found, np.flatnonzero(np.diff(found) > 1) + 1)
    every = max(1, round(FINEST_PX / STEP_PX))
    return [
        points[np.unique([*piece[::every], piece[-1]])]
        for piece in pieces
        if len(piece) > 2 * every
    ]


def _ridden(film, lines):
    """Each line moved to every frame."""
    if not lines:
        return [[] for _ in range(film.n_frames)]
    now = film.motion.forward(np.concatenate(lines))
    cuts = np.cumsum([len(line) for line in lines])[:-1]
    return [np.split(places, cuts) for places in now]


def _crosses(film):
    """Small crosses where observations were set aside."""
    rejected = film.observations.rejected
    now = film.motion.forward(film.observations.places)
    strokes = CROSS_PX * np.array([[[-1, -1], [1, 1]], [[-1, 1], [1, -1]]])
    frames = []
    for places, out in zip(now, rejected):
        shown = places[out]
        shown = shown[:: max(1, -(-len(shown) // MOST_CROSSES))]
        frames.append([place + stroke for place in shown for stroke in strokes])
    if film.tags is not None:
        frames[0] = []  # nothing has moved there, and nothing is fitted
    return frames
