"""Large surfaces in parts: overlapping regions, each composed alone, their overlaps averaged."""

from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from corporis.estimators import BaseEstimator, check_is_fitted, clone
from corporis.interfaces import Mesh
from corporis.shapes.alignment import ShapeAlignment, align, check_alignment, procrustes_mean
from corporis.shapes.composition import check_landmarks, transform_each
from corporis.shapes.mesh import edges

_MOST_EXEMPLARS = 300  # affinity propagation costs the square of the vertices it is asked about


def overlapping_regions(
    mesh: Mesh, preference: float | None = None, n_rings: int = 1, seed: int = 0
) -> tuple[np.ndarray, ...]:
    """Vertices of a surface in regions that overlap, found by affinity propagation.

    Similarity is minus the squared way along edges. On large surfaces exemplars are chosen among
    vertices far from each other, and every vertex joins the nearest exemplar. Regions are then
    dilated by `n_rings` rings of neighbours.

    Parameters
    ----------
    mesh : Mesh
        Still, of one piece.
    preference : float or None
        How willingly a vertex becomes an exemplar, the larger the more regions, in squared
        length, negative; None: the least similarity, which gives few regions.
    n_rings : int
        >= 0.

    Returns
    -------
    tuple of int array
        Ascending vertices of each region; together all vertices.

    Raises
    ------
    ValueError
        If the surface moves, falls into pieces, or `n_rings` is negative.

    References
    ----------
    Frey & Dueck (2007), Science 315, 972-976, doi:10.1126/science.1136800; Zhang, Zhan & Metaxas
    (2012), Medical Image Analysis 16, 1385-1396, doi:10.1016/j.media.2012.07.007
    """
    from sklearn.cluster import AffinityPropagation

    if mesh.is_moving or n_rings < 0:
        raise ValueError(f"expected a still surface and n_rings >= 0, got {n_rings}")
    points, links = np.asarray(mesh.points, float), edges(mesh)
    n = len(points)
    length = np.linalg.norm(points[links[:, 0]] - points[links[:, 1]], axis=1)
    graph = coo_array((length, (links[:, 0], links[:, 1])), shape=(n, n)).tocsr()
    chosen, ways = _spread(graph, min(n, _MOST_EXEMPLARS))
    if not np.isfinite(ways).all():
        raise ValueError("expected a surface of one piece: mend it first")
    similarity = -(ways[:, chosen] ** 2)
    found = AffinityPropagation(
        affinity="precomputed",
        preference=similarity.min() if preference is None else preference,
        damping=0.8,
        max_iter=400,
        random_state=seed,
    ).fit(similarity)
    exemplars = found.cluster_centers_indices_
    nearest = np.argmin(ways[exemplars], axis=0)
    neighbours = (graph + graph.T) != 0
    regions = []
    for k in range(len(exemplars)):
        inside = nearest == k
        for _ in range(n_rings):
            inside = inside | (neighbours @ inside.astype(np.int64) > 0)
        regions.append(np.flatnonzero(inside))
    return tuple(regions)


def _spread(graph, n_wanted):
    """Vertices as far from each other as can be, and the ways (n_wanted, n) from them."""
    if n_wanted == graph.shape[0]:
        return np.arange(n_wanted), dijkstra(graph, directed=False)
    chosen, ways = [0], [dijkstra(graph, directed=False, indices=0)]
    nearest = ways[0].copy()
    while len(chosen) < n_wanted:
        chosen.append(int(np.argmax(nearest)))
        ways.append(dijkstra(graph, directed=False, indices=chosen[-1]))
        nearest = np.minimum(nearest, ways[-1])
    return np.array(chosen), np.stack(ways)


class PartitionedComposition(BaseEstimator):
    """A composition for each region of a large surface, overlaps averaged.

    The shape is aligned once as a whole; each region is then explained by its own few training
    shapes, which keeps what is local apart: a detail of one region is found without those that
    its owner has elsewhere, and regions can be explained on as many machines. It saves no time on
    one: with the error eliminated, a solver works in the few coefficients of the training shapes,
    and its time grows with the vertices either way.

    Parameters
    ----------
    composition : SparseShapeComposition
        For the regions; its `alignment` is that of the whole.
    regions : sequence of int array
        Vertices of each region, as `overlapping_regions` gives them; together all vertices.

    Attributes
    ----------
    mean_ : array, (k, d)
    parts_ : list of SparseShapeComposition
    """

    def __init__(self, composition=None, regions: Sequence[np.ndarray] = ()):
        self.composition = composition
        self.regions = regions

    @property
    def alignment(self) -> ShapeAlignment:
        """What the transform of the whole may change."""
        return "similarity" if self.composition is None else self.composition.alignment

    def fit(self, X: np.ndarray, y: object = None) -> "PartitionedComposition":
        """Align training shapes (n >= 2, k, d) and give each region its part; `y` is ignored.

        Raises
        ------
        ValueError
            If `X` is not (n >= 2, k, d) and finite, or a vertex is in no region.
        """
        from corporis.shapes.composition import SparseShapeComposition

        check_alignment(self.alignment)
        X = np.asarray(X)
        if X.ndim != 3 or len(X) < 2:
            raise ValueError(f"training shapes must be (n >= 2, k, d), got {X.shape}")
        regions = self.regions or (np.arange(X.shape[1]),)
        covered = np.zeros(X.shape[1], bool)
        for region in regions:
            covered[region] = True
        if not covered.all():
            raise ValueError(f"{int((~covered).sum())} vertices are in no region: cover them all")
        whole = self.composition if self.composition is not None else SparseShapeComposition()
        found = procrustes_mean(X, self.alignment)
        self.mean_ = found.mean
        self._regions, self.parts_ = [np.asarray(r) for r in regions], []
        for region in self._regions:
            part = clone(whole).set_params(alignment="none")
            self.parts_.append(part.adopt(found.mean[region], found.aligned[:, region]))
        self.n_features_in_ = X.shape[1] * X.shape[2]
        return self

    def transform(self, X: np.ndarray, confidences: np.ndarray | None = None) -> np.ndarray:
        """Replace shapes (n, k, d), or one (k, d), by their explanations, in the same frame."""
        check_is_fitted(self)
        return transform_each(self._explained, X, confidences)

    def _explained(self, shape, confidences):
        given, c = check_landmarks(shape, confidences, self.mean_)
        transform = align(given, self.mean_, c, self.alignment)
        moved = transform.apply(given)
        total, count = np.zeros_like(self.mean_), np.zeros(len(self.mean_))
        for region, part in zip(self._regions, self.parts_, strict=True):
            total[region] += part.explain(moved[region], c[region]).shape
            count[region] += 1
        back = transform.inverse().apply(total / count[:, None])
        kept = np.result_type(np.asarray(shape), np.float32)
        return SimpleNamespace(shape=back.astype(kept))
