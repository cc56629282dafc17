from .active_contours import RepulsiveContours
from .annulus import Annulus
from .constitutive import ActiveTension, ConstitutiveLaw, Guccione, SaintVenantKirchhoff, Together
from .finite_element import ElasticSolid, LinearSolid, SolidEnergy
from .hexahedra import FacePoints, Hexahedra, brick, tube_sector, ventricle_quarter
from .inflation import FollowingPressure, Inflation, inflate
from .laplacian_body import LaplacianBody
from .meshless import MeshlessBody, MovingLeastSquares
from .radial import RadialSurface, second_difference
from .registration import Registration, warp
from .segments import aha_segment
from .sparse_body import BodyFit, Sightings, SparseBody
from .sparse_surface import (
    Observations,
    PlaneErrors,
    SparseSurface,
    Stiffness,
    SurfaceFit,
    bending_matrix,
    interpolation_matrix,
)
from .strain import gradient_from_points, green_strain, in_axes, logarithmic_strain, polar_axes
from .stress import cauchy_stress, cavity_load, helix_axes, radial_equilibrium, second_piola_stress
from .thin_plate import PlateFit, PlateSmoother, ThinPlate
from .wall_modes import WallModes

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
