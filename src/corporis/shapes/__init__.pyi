from .alignment import ProcrustesMean, Transform, align, procrustes_mean
from .composition import Composition, SparseShapeComposition
from .correspondence import Correspondence, correspond
from .distance import (
    SurfaceDistance,
    contour_distance,
    point_to_contour,
    point_to_surface,
    sample_surface,
    signed_distance,
    surface_distance,
    triangle_distance,
)
from .gross_error import GrossErrorMisfit, sparse_code
from .inside import Inside, fill_surface
from .instances import InstanceOverlap, instance_overlap
from .landmarks import (
    contour_area,
    contour_centroid,
    contour_length,
    polar_contour,
    radii_at_angles,
    resample_contour,
)
from .mending import Defects, Mended, defects, mend, wound_alike
from .mesh import (
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
from .overlap import dice, fill_polygon, jaccard, mask_contour, mask_contours
from .partition import PartitionedComposition, overlapping_regions
from .patch_search import Patches, PatchSearch
from .point_pattern import (
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
from .posterior import Posterior, PosteriorShapes
from .principal import PrincipalShapes
from .quality import compactness, generality, specificity
from .section import clip, cut_by_plane
from .star import convex_radii
from .supposition import Supposed, suppose
from .topology import Betti, betti, euler_number
from .voting import ConeVoting
from .winding import winding_number

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
