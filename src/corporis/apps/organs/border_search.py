"""What a mask's border says of the whole organ when wrong patches of it are set aside."""

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.spatial import cKDTree

from corporis.apps.organs.border_prior import BorderPrior, squared_distances, thinned
from corporis.apps.organs.mask_frame import DistanceMap, Pose, register
from corporis.shapes import PatchSearch

POINTS_APART = 0.16
ROUNDS = 2
NEAR = 0.22
"""Places farther from the mean border, in sizes, are not asked."""
SHIFT, BEND, WIDTH = 0.15, 0.12, 0.3
"""A wrong patch: how far it lies away as a whole, how it bends, over which length."""
N_SEEDS = 90
PATCH_COST, POINT_COST = 5.0, 0.2
"""Nats; chosen, as the prior's numbers, on damaged kidneys of a training fold."""


def search_border(
    prior: BorderPrior, distances: DistanceMap, start: Pose
) -> tuple[Pose, np.ndarray]:
    """Pose, and distances (n_places,) in the frame that the believed part of a border suggests.

    Patches and pose are found in turn.
    """
    border, pose, field = distances.border(), start, prior.mean
    near = np.abs(prior.mean) < NEAR
    around = prior.read(prior.grid.places[near])
    for number in range(ROUNDS):
        places = pose.to_frame(border)
        reading = prior.read(places[thinned(places, POINTS_APART)])
        values = -reading.mean
        noise = prior.noise**2 * np.eye(len(values))
        shape = prior.covariance(reading, reading) + noise
        squares = squared_distances(reading.places, reading.places)
        gross = SHIFT**2 + BEND**2 * np.exp(-squares / (2 * WIDTH**2)) + noise
        search = PatchSearch(reading.places, values, shape, gross, PATCH_COST, POINT_COST, N_SEEDS)
        believed = search.find().believed
        kept = np.flatnonzero(believed)
        pull = cho_solve(cho_factor(shape[np.ix_(kept, kept)], lower=True), values[kept])
        field = prior.mean.copy()
        field[near] += prior.covariance(around, reading.take(kept)) @ pull
        if number < ROUNDS - 1:
            nearest = cKDTree(reading.places).query(prior.grid.places)[1]
            trust = believed[nearest].astype(float)
            pose = register(distances, pose, field, prior.grid, weights=trust)
    return pose, field
