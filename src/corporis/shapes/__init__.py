"""Shapes: surfaces, outlines and landmarks, their alignment, and priors learned from them.

A `corporis.interfaces.Mesh` is measured and cut here; masks and outlines are compared; shapes in
correspondence are aligned, averaged, and explained by few of their kind
(`SparseShapeComposition`) or by principal modes (`PrincipalShapes`).
"""

from typing import TYPE_CHECKING

from corporis.shapes.alignment import ProcrustesMean, Transform, align, procrustes_mean
from corporis.shapes.correspondence import Correspondence, correspond
from corporis.shapes.distance import (
    SurfaceDistance,
    contour_distance,
    point_to_contour,
    point_to_surface,
    sample_surface,
    signed_distance,
    surface_distance,
    triangle_distance,
)
from corporis.shapes.gross_error import GrossErrorMisfit, sparse_code
from corporis.shapes.inside import Inside, fill_surface, winding_number
from corporis.shapes.instances import InstanceOverlap, instance_overlap
from corporis.shapes.landmarks import (
    contour_area,
    contour_centroid,
    contour_length,
    polar_contour,
    radii_at_angles,
    resample_contour,
)
from corporis.shapes.mending import Defects, Mended, defects, mend, wound_alike
from corporis.shapes.mesh import (
    area,
    cell_normals,
    edges,
    grid_surface,
    is_closed,
    oriented_outward,
    sphere,
    vertex_normals,
    volume,
)
from corporis.shapes.overlap import dice, fill_polygon, jaccard, mask_contour, mask_contours
from corporis.shapes.patch_search import Patches, PatchSearch
from corporis.shapes.point_pattern import (
    Neighbours,
    Rectangle,
    Region,
    clark_evans,
    delaunay_neighbours,
    kernel_density,
    nearest_distances,
    random_envelope,
    ripley_k,
    ripley_l,
)
from corporis.shapes.section import clip, cut_by_plane
from corporis.shapes.star import convex_radii
from corporis.shapes.supposition import Supposed, suppose
from corporis.shapes.topology import Betti, betti, euler_number
from corporis.shapes.voting import ConeVoting

if TYPE_CHECKING:
    from corporis.shapes.composition import Composition, SparseShapeComposition
    from corporis.shapes.partition import PartitionedComposition, overlapping_regions
    from corporis.shapes.posterior import Posterior, PosteriorShapes
    from corporis.shapes.principal import PrincipalShapes
    from corporis.shapes.quality import compactness, generality, specificity

__all__ = [
    "Betti",
    "Composition",
    "ConeVoting",
    "Correspondence",
    "Defects",
    "GrossErrorMisfit",
    "Inside",
    "InstanceOverlap",
    "Mended",
    "Neighbours",
    "PartitionedComposition",
    "PatchSearch",
    "Patches",
    "Posterior",
    "PosteriorShapes",
    "PrincipalShapes",
    "ProcrustesMean",
    "Rectangle",
    "Region",
    "SparseShapeComposition",
    "Supposed",
    "SurfaceDistance",
    "Transform",
    "align",
    "area",
    "betti",
    "cell_normals",
    "clark_evans",
    "clip",
    "compactness",
    "contour_area",
    "contour_centroid",
    "contour_distance",
    "contour_length",
    "convex_radii",
    "correspond",
    "cut_by_plane",
    "defects",
    "delaunay_neighbours",
    "dice",
    "edges",
    "euler_number",
    "fill_polygon",
    "fill_surface",
    "generality",
    "grid_surface",
    "instance_overlap",
    "is_closed",
    "jaccard",
    "kernel_density",
    "mask_contour",
    "mask_contours",
    "mend",
    "nearest_distances",
    "oriented_outward",
    "overlapping_regions",
    "point_to_contour",
    "point_to_surface",
    "polar_contour",
    "procrustes_mean",
    "radii_at_angles",
    "random_envelope",
    "resample_contour",
    "ripley_k",
    "ripley_l",
    "sample_surface",
    "signed_distance",
    "sparse_code",
    "specificity",
    "sphere",
    "suppose",
    "surface_distance",
    "triangle_distance",
    "vertex_normals",
    "volume",
    "winding_number",
    "wound_alike",
]


def __getattr__(name: str) -> object:
    """Estimators come with scikit-learn: loaded when first asked for."""
    if name in ("Composition", "SparseShapeComposition"):
        from corporis.shapes import composition

        return getattr(composition, name)
    if name in ("PartitionedComposition", "overlapping_regions"):
        from corporis.shapes import partition

        return getattr(partition, name)
    if name in ("compactness", "generality", "specificity"):
        from corporis.shapes import quality

        return getattr(quality, name)
    if name in ("Posterior", "PosteriorShapes"):
        from corporis.shapes import posterior

        return getattr(posterior, name)
    if name == "PrincipalShapes":
        from corporis.shapes.principal import PrincipalShapes

        return PrincipalShapes
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
