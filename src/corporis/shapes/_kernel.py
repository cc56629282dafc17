"""Compiled proximal Newton method for `corporis.shapes.gross_error.sparse_code`.

Atoms made from shapes of one organ resemble each other, so that proximal gradients need
thousands of steps. Few of them are in use: the curvature of Huber's function is gathered for
those alone, a small lasso is solved by coordinates, and all atoms are visited once a step to see
who wants to join, and how far from the minimum the code is. The plain version is FISTA on the
same objective, and a test holds the two together.
"""

from typing import Any

import numpy as np
from numba import njit

OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "fastmath": {"contract", "reassoc"}}
_ALONG = 0.9  # share of a gross error's curvature along itself that is taken away; 1 is exact
_ROUNDING = 1e-14
_INNER = 4  # Newton steps on the working set between two visits to all atoms


@njit(**OPTIONS)
def _value(residual, threshold, confidence):
    """Huber's function of the residual."""
    total = 0.0
    for i in range(residual.shape[0]):
        square = 0.0
        for a in range(residual.shape[1]):
            square += residual[i, a] * residual[i, a]
        length = np.sqrt(square)
        if length <= threshold[i]:
            total += confidence[i] * square / 2
        else:
            total += confidence[i] * threshold[i] * (length - threshold[i] / 2)
    return total


@njit(**OPTIONS)
def _force(residual, threshold, confidence, force):
    """How hard each group pulls."""
    for i in range(residual.shape[0]):
        square = 0.0
        for a in range(residual.shape[1]):
            square += residual[i, a] * residual[i, a]
        length = np.sqrt(square)
        pull = confidence[i]
        if length > threshold[i]:
            pull *= threshold[i] / length
        for a in range(residual.shape[1]):
            force[i, a] = pull * residual[i, a]


@njit(**OPTIONS)
def _curvature(few, residual, threshold, confidence):
    """Second derivatives by the codes of few atoms (s, n, size), a little too large."""
    n_few, n_groups, size = few.shape
    root, scale = np.empty((n_few, n_groups * size)), np.empty(n_groups * size)
    far, along, n_far = np.empty(n_groups, np.int64), np.empty(n_groups), 0
    for i in range(n_groups):
        square, weight = 0.0, confidence[i]
        for a in range(size):
            square += residual[i, a] * residual[i, a]
        if square > threshold[i] * threshold[i]:
            weight *= threshold[i] / np.sqrt(square)
            far[n_far], along[n_far] = i, _ALONG * np.sqrt(weight) / square
            n_far += 1
        for a in range(size):
            scale[i * size + a] = np.sqrt(weight)
    flat = few.reshape(n_few, n_groups * size)
    for j in range(n_few):
        for k in range(n_groups * size):
            root[j, k] = scale[k] * flat[j, k]
        for m in range(n_far):
            i, share = far[m], 0.0
            for a in range(size):
                share += few[j, i, a] * residual[i, a]
            for a in range(size):
                root[j, i * size + a] -= share * along[m] * residual[i, a]
    return np.dot(root, root.T)


@njit(**OPTIONS)
def _small_lasso(curvature, slope, code, cut):
    """The code with the least quadratic model plus `cut` times L1, by coordinates."""
    n = len(code)
    fresh, pull = code.copy(), slope.copy()
    largest = 0.0
    for _ in range(500):
        moved = 0.0
        for j in range(n):
            if curvature[j, j] <= 0.0:
                continue
            free = pull[j] + curvature[j, j] * fresh[j]
            value = np.sign(free) * max(abs(free) - cut, 0.0) / curvature[j, j]
            step = value - fresh[j]
            if step != 0.0:
                fresh[j] = value
                moved = max(moved, step * step * curvature[j, j])
                for k in range(n):
                    pull[k] -= step * curvature[j, k]
        largest = max(largest, moved)
        if moved <= 1e-6 * largest:
            break
    return fresh


@njit(**OPTIONS)
def _promised(slope, code, fresh, cut):
    """First-order change of the objective, < 0; without cancellation where signs stay."""
    total = 0.0
    for j in range(len(code)):
        step = fresh[j] - code[j]
        if code[j] * fresh[j] > 0.0:
            total += (np.sign(code[j]) * cut - slope[j]) * step
        else:
            total += cut * (abs(fresh[j]) - abs(code[j])) - slope[j] * step
    return total


@njit(**OPTIONS)
def _newton_step(few, residual, threshold, confidence, force, code, cut):
    """One step on the working set, in place; the fall it promised, 0 where none was possible."""
    n_few, n_groups, size = few.shape
    flat = few.reshape(n_few, n_groups * size)
    _force(residual, threshold, confidence, force)
    slope = np.dot(flat, force.reshape(n_groups * size))
    fresh = _small_lasso(_curvature(few, residual, threshold, confidence), slope, code, cut)
    direction = fresh - code
    shift = np.dot(direction, flat).reshape(n_groups, size)
    promised = _promised(slope, code, fresh, cut)
    if promised >= 0.0:
        return 0.0
    before, share = _value(residual, threshold, confidence) + cut * np.sum(np.abs(code)), 1.0
    for _ in range(30):
        trial = code + share * direction
        there = residual - share * shift
        after = _value(there, threshold, confidence) + cut * np.sum(np.abs(trial))
        # near the minimum the fall is lost in rounding long before the gap is
        if after <= before + 1e-4 * share * promised + _ROUNDING * before:
            code[:] = trial
            residual[:] = there
            return -share * promised
        share /= 2
    return 0.0


@njit(**OPTIONS)
def _gap(slopes, target, residual, force, threshold, confidence, length, cut):
    """Objective, and how far at most it lies above the minimum."""
    linear, quadratic = 0.0, 0.0
    for i in range(residual.shape[0]):
        if confidence[i] > 0.0:
            for a in range(residual.shape[1]):
                linear += force[i, a] * target[i, a]
                quadratic += force[i, a] * force[i, a] / (2 * confidence[i])
    steepest = np.max(np.abs(slopes)) if len(slopes) else 0.0
    primal = _value(residual, threshold, confidence) + cut * length
    shrink = 1.0 if steepest <= cut else cut / steepest
    return primal, primal - (shrink * linear - shrink * shrink * quadratic)


@njit(**OPTIONS)
def _working_set(slopes, code, cut):
    """Atoms in use, and as many of those that pull hardest to join, at least ten."""
    joining = np.flatnonzero((code == 0.0) & (np.abs(slopes) > cut))
    most = max(10, np.count_nonzero(code))
    if len(joining) > most:
        order = np.argsort(-np.abs(slopes[joining]))
        joining = joining[order[:most]]
    chosen = code != 0.0
    chosen[joining] = True
    return np.flatnonzero(chosen)


@njit(**OPTIONS)
def newton(atoms, target, threshold, confidence, cut, start, tolerance, at_most):
    """Minimise Huber + `cut` times L1; gives code, Newton steps, objective and gap.

    `atoms` is (n_atoms, n_groups, size), `target` (n_groups, size).
    """
    n_atoms, n_groups, size = atoms.shape
    flat = atoms.reshape(n_atoms, n_groups * size)
    code, residual, count = start.copy(), target.copy(), 0
    for j in np.flatnonzero(code):
        residual -= code[j] * atoms[j]
    force = np.empty((n_groups, size))
    while True:
        _force(residual, threshold, confidence, force)
        slopes = np.dot(flat, force.reshape(n_groups * size))
        length = np.sum(np.abs(code))
        objective, gap = _gap(slopes, target, residual, force, threshold, confidence, length, cut)
        if gap <= tolerance * objective or count >= at_most:
            return code, count, objective, gap
        chosen = _working_set(slopes, code, cut)
        few, values = atoms[chosen], code[chosen]
        first = 0.0
        for _ in range(min(_INNER, at_most - count)):
            fall = _newton_step(few, residual, threshold, confidence, force, values, cut)
            count += 1
            first = max(first, fall)
            if fall <= 0.1 * first or fall <= 0.1 * tolerance * objective:
                break
        code[chosen] = values
        if first <= 0.0:
            count = at_most
