"""Bodies that move: surfaces given by few numbers, their stiffness, and how they are fitted."""

from corporis.deformables.active_contours import RepulsiveContours
from corporis.deformables.annulus import Annulus
from corporis.deformables.constitutive import (
    ActiveTension,
    ConstitutiveLaw,
    Guccione,
    SaintVenantKirchhoff,
    Together,
)
from corporis.deformables.finite_element import ElasticSolid, LinearSolid, SolidEnergy
from corporis.deformables.hexahedra import (
    FacePoints,
    Hexahedra,
    brick,
    tube_sector,
    ventricle_quarter,
)
from corporis.deformables.inflation import FollowingPressure, Inflation, inflate
from corporis.deformables.laplacian_body import LaplacianBody
from corporis.deformables.meshless import MeshlessBody, MovingLeastSquares
from corporis.deformables.radial import RadialSurface, second_difference
from corporis.deformables.registration import Registration, warp
from corporis.deformables.segments import aha_segment
from corporis.deformables.sparse_body import BodyFit, Sightings, SparseBody
from corporis.deformables.sparse_surface import (
    Observations,
    PlaneErrors,
    SparseSurface,
    Stiffness,
    SurfaceFit,
    bending_matrix,
    interpolation_matrix,
)
from corporis.deformables.strain import (
    gradient_from_points,
    green_strain,
    in_axes,
    logarithmic_strain,
    polar_axes,
)
from corporis.deformables.stress import (
    cauchy_stress,
    cavity_load,
    helix_axes,
    radial_equilibrium,
    second_piola_stress,
)
from corporis.deformables.thin_plate import PlateFit, PlateSmoother, ThinPlate
from corporis.deformables.wall_modes import WallModes

__all__ = [
    "ActiveTension",
    "Annulus",
    "BodyFit",
    "ConstitutiveLaw",
    "ElasticSolid",
    "FacePoints",
    "FollowingPressure",
    "Guccione",
    "Hexahedra",
    "Inflation",
    "LaplacianBody",
    "LinearSolid",
    "MeshlessBody",
    "MovingLeastSquares",
    "Observations",
    "PlaneErrors",
    "PlateFit",
    "PlateSmoother",
    "RadialSurface",
    "Registration",
    "RepulsiveContours",
    "SaintVenantKirchhoff",
    "Sightings",
    "SolidEnergy",
    "SparseBody",
    "SparseSurface",
    "Stiffness",
    "SurfaceFit",
    "ThinPlate",
    "Together",
    "WallModes",
    "aha_segment",
    "bending_matrix",
    "brick",
    "cauchy_stress",
    "cavity_load",
    "gradient_from_points",
    "green_strain",
    "helix_axes",
    "in_axes",
    "inflate",
    "interpolation_matrix",
    "logarithmic_strain",
    "polar_axes",
    "radial_equilibrium",
    "second_difference",
    "second_piola_stress",
    "tube_sector",
    "ventricle_quarter",
    "warp",
]
