"""Bodies that move: surfaces given by few numbers, their stiffness, and how they are fitted."""

from corporis.deformables.active_contours import RepulsiveContours
from corporis.deformables.radial import RadialSurface, second_difference
from corporis.deformables.registration import Registration, warp
from corporis.deformables.segments import aha_segment
from corporis.deformables.sparse_surface import (
    Observations,
    PlaneErrors,
    SparseSurface,
    Stiffness,
    SurfaceFit,
    bending_matrix,
    interpolation_matrix,
)

__all__ = [
    "Observations",
    "PlaneErrors",
    "RadialSurface",
    "Registration",
    "RepulsiveContours",
    "SparseSurface",
    "Stiffness",
    "SurfaceFit",
    "aha_segment",
    "bending_matrix",
    "interpolation_matrix",
    "second_difference",
    "warp",
]
