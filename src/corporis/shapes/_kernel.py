"""Compiled coordinate descent for `corporis.shapes.gross_error.sparse_code`.

Atoms made from shapes of one organ resemble each other, so that proximal gradients need
thousands of steps; one coordinate at a time needs tens of sweeps. The plain version is FISTA on
the same objective, and a test holds the two together.
"""

import numpy as np
from numba import njit


@njit(cache=True)
def _weigh(residual, threshold, confidence, weight):
    """Curvature of the quadratic that touches Huber's function at this residual, from above."""
    for i in range(residual.shape[0]):
        length = np.sqrt(np.sum(residual[i] * residual[i]))
        inside = length <= threshold[i]
        weight[i] = confidence[i] if inside else confidence[i] * threshold[i] / length


@njit(cache=True)
def _sweep(atoms, residual, weight, code, cut, chosen):
    """One pass over the chosen atoms at fixed weights; the largest change of the shape."""
    n_groups, size = residual.shape
    moved = 0.0
    for j in chosen:
        slope, curvature = 0.0, 0.0
        for i in range(n_groups):
            if weight[i] > 0:
                for a in range(size):
                    slope += weight[i] * atoms[j, i, a] * residual[i, a]
                    curvature += weight[i] * atoms[j, i, a] * atoms[j, i, a]
        if curvature <= 0.0:
            continue
        free = slope + curvature * code[j]
        fresh = np.sign(free) * max(abs(free) - cut, 0.0) / curvature
        step = fresh - code[j]
        if step != 0.0:
            code[j] = fresh
            moved = max(moved, step * step * curvature)
            for i in range(n_groups):
                for a in range(size):
                    residual[i, a] -= step * atoms[j, i, a]
    return moved


@njit(cache=True)
def _gap(atoms, target, residual, threshold, confidence, code, cut):
    """Objective at `code` and how far at most it lies above the minimum."""
    n_groups, size = residual.shape
    force = np.zeros((n_groups, size))
    primal, linear, quadratic = 0.0, 0.0, 0.0
    for i in range(n_groups):
        if confidence[i] == 0.0:
            continue
        length = np.sqrt(np.sum(residual[i] * residual[i]))
        inside = length <= threshold[i]
        pull = confidence[i] if inside else confidence[i] * threshold[i] / length
        if inside:
            primal += confidence[i] * length * length / 2
        else:
            primal += confidence[i] * threshold[i] * (length - threshold[i] / 2)
        for a in range(size):
            force[i, a] = pull * residual[i, a]
            linear += force[i, a] * target[i, a]
            quadratic += force[i, a] * force[i, a] / (2 * confidence[i])
    steepest = 0.0
    for j in range(atoms.shape[0]):
        slope = 0.0
        for i in range(n_groups):
            for a in range(size):
                slope += atoms[j, i, a] * force[i, a]
        steepest = max(steepest, abs(slope))
    primal += cut * np.sum(np.abs(code))
    shrink = 1.0 if steepest <= cut else cut / steepest
    return primal, primal - (shrink * linear - shrink * shrink * quadratic)


@njit(cache=True)
def descend(atoms, target, threshold, confidence, cut, start, tolerance, at_most):
    """Minimise Huber + `cut` times L1 by sweeps; gives code, sweeps, objective and gap.

    `atoms` is (n_atoms, n_groups, size), `target` (n_groups, size). Between full sweeps only
    the atoms in use are visited.
    """
    code = start.copy()
    residual = target.copy()
    for j in range(len(code)):
        if code[j] != 0.0:
            residual -= code[j] * atoms[j]
    weight = np.empty(len(target))
    everything = np.arange(len(code))
    count = 0
    objective, gap = _gap(atoms, target, residual, threshold, confidence, code, cut)
    while gap > tolerance * objective and count < at_most:
        _weigh(residual, threshold, confidence, weight)
        first = _sweep(atoms, residual, weight, code, cut, everything)
        count += 1
        used = np.nonzero(code)[0]
        for _ in range(20):
            if count >= at_most:
                break
            _weigh(residual, threshold, confidence, weight)
            moved = _sweep(atoms, residual, weight, code, cut, used)
            count += 1
            if moved <= 1e-3 * first:
                break
        objective, gap = _gap(atoms, target, residual, threshold, confidence, code, cut)
    return code, count, objective, gap
