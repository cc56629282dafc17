"""Correspondence of surfaces without landmarks: one template drawn onto all, in their own light."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, eye_array
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from corporis.interfaces import Mesh
from corporis.shapes.alignment import align, procrustes_mean
from corporis.shapes.distance import sample_surface
from corporis.shapes.mesh import edges, vertex_normals

_STIFFNESS = (100.0, 30.0, 10.0, 3.0, 1.0)
_STEPS = 4
_SAMPLES = 4  # points of a surface for each vertex of the template
_SHARE = 0.9  # of the variance that modes of the other shapes explain


@dataclass(frozen=True, eq=False)
class Correspondence:
    """Surfaces with the same vertices.

    Parameters
    ----------
    shapes : array, (n, k, 3)
        The template's vertices on each surface, in its own frame and unit.
    cells : int array, (m, 3)
        Triangles of the template.
    misses : array, (n,)
        Mean distance of the vertices and of the surface from each other.
    """

    shapes: np.ndarray
    cells: np.ndarray
    misses: np.ndarray


def correspond(meshes: Sequence[Mesh], template: Mesh, n_rounds: int = 2) -> Correspondence:
    r"""Put the vertices of a template onto every surface, so that they mean the same on all.

    The template is scaled and shifted onto each surface and drawn there by smooth displacements,
    ever less stiff, towards the nearest points both ways. Then, groupwise: each shape is predicted
    by the main modes of the *others* from itself, its vertices slide along its surface towards
    the prediction, and the mean becomes the template; what is not the same on all shapes is what
    the modes cannot predict.

    Parameters
    ----------
    meshes : sequence of Mesh
        Closed, outward, lying alike (turns up to some 30 degrees are found, no more).
    template : Mesh
        Closed and outward, such as one of them with fewer vertices, or a sphere.
    n_rounds : int
        Groupwise rounds, >= 0.

    Raises
    ------
    ValueError
        If there are fewer than three surfaces, or one moves.

    References
    ----------
    Davies, Twining, Cootes, Waterton & Taylor (2002), IEEE Trans. Med. Imaging 21, 525-537,
    doi:10.1109/TMI.2002.1009388; Amberg, Romdhani & Vetter (2007), CVPR,
    doi:10.1109/CVPR.2007.383165
    """
    if len(meshes) < 3 or any(m.is_moving for m in meshes) or template.is_moving:
        raise ValueError(f"expected three still surfaces or more, got {len(meshes)}")
    targets = [_Target.of(mesh, _SAMPLES * len(template.points)) for mesh in meshes]
    smoother = _Smoother(template)
    first = [_placed(template.points, target.points) for target in targets]
    shapes = np.stack([smoother.drawn(s, t) for s, t in zip(first, targets, strict=True)])
    for _ in range(n_rounds):
        aim = _predicted(shapes)
        slid = []
        for shape, wanted, target in zip(shapes, aim, targets, strict=True):
            normal = vertex_normals(Mesh(shape, template.cells))
            step = wanted - shape
            along = step - np.sum(step * normal, axis=1, keepdims=True) * normal
            slid.append(smoother.drawn(shape + along, target, _STIFFNESS[-2:]))
        shapes = np.stack(slid)
    misses = np.array([t.miss(s) for s, t in zip(shapes, targets, strict=True)])
    return Correspondence(shapes, np.asarray(template.cells), misses)


@dataclass(frozen=True, eq=False)
class _Target:
    """A surface as points, with a tree."""

    points: np.ndarray
    tree: cKDTree

    @classmethod
    def of(cls, mesh, samples):
        points = sample_surface(mesh, samples)
        return cls(points, cKDTree(points))

    def miss(self, shape):
        there = self.tree.query(shape)[0].mean()
        return float(there + cKDTree(shape).query(self.points)[0].mean()) / 2


class _Smoother:
    """Displacements on a template's vertices, made smooth by its graph."""

    def __init__(self, template):
        links = edges(template)
        n = len(template.points)
        ones = np.ones(len(links))
        graph = coo_array((ones, (links[:, 0], links[:, 1])), shape=(n, n))
        graph = graph + graph.T
        degree = np.asarray(graph.sum(axis=1)).ravel()
        laplacian = coo_array((degree, (np.arange(n), np.arange(n))), shape=(n, n)) - graph
        self._solvers = {
            stiffness: splu((eye_array(n) + stiffness * laplacian).tocsc())
            for stiffness in _STIFFNESS
        }

    def drawn(self, shape, target, stiffnesses=_STIFFNESS):
        """Vertices (k, 3) moved onto a surface, ever less stiffly."""
        for stiffness in stiffnesses:
            for _ in range(_STEPS):
                there = target.points[target.tree.query(shape)[1]] - shape
                owner = cKDTree(shape).query(target.points)[1]
                count = np.bincount(owner, minlength=len(shape))[:, None]
                back = np.stack(
                    [np.bincount(owner, target.points[:, k], len(shape)) for k in range(3)], axis=1
                )
                # what no surface point is nearest to goes the way of its own nearest point
                back = np.where(count > 0, back / np.maximum(count, 1) - shape, there)
                shape = shape + self._solvers[stiffness].solve((there + back) / 2)
        return shape


def _placed(points, target):
    """Points with the target's middle and size."""
    middle, aim = points.mean(axis=0), target.mean(axis=0)
    sizes = [np.sqrt(np.mean(np.sum((p - p.mean(axis=0)) ** 2, axis=1))) for p in (points, target)]
    return (points - middle) * sizes[1] / sizes[0] + aim


def _predicted(shapes):
    """Each shape by the main modes of the others, in its own frame."""
    found = []
    for k, shape in enumerate(shapes):
        others = procrustes_mean(np.delete(shapes, k, axis=0), at_most=20)
        differences = (others.aligned - others.mean).reshape(len(shapes) - 1, -1)
        _, sizes, modes = np.linalg.svd(differences, full_matrices=False)
        share = np.cumsum(sizes**2) / max(float(np.sum(sizes**2)), 1e-300)
        modes = modes[: int(np.searchsorted(share, _SHARE)) + 1]
        transform = align(shape, others.mean)
        seen = (transform.apply(shape) - others.mean).ravel()
        predicted = others.mean + (modes.T @ (modes @ seen)).reshape(shape.shape)
        found.append(transform.inverse().apply(predicted))
    return np.stack(found)
