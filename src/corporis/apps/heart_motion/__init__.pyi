from .application import HeartMotion
from .body import BodyInMotion, BodyMotion
from .cine import CineFit, CineMotion, CineSlice, phases_of
from .cine_film import ridden_by_cine
from .equations import RingCourses, Smoothness
from .film import FilmMotion
from .fusion import Fusion, TaggedFilm, WallMotion
from .gabor import Crossings, GaborBank, GaborFilm
from .given import Given
from .harmonic import BandPass, HarmonicImages
from .matching import PointMatch, PointMatching, follow_crossings
from .motion import RingMotion
from .phase_fit import PhaseFit
from .point_fit import PointFit
from .rest_fit import RestFit, RestFound
from .sectors import Insertion, Sectors
from .start import Start
from .summary import Summary
from .synthesis import Synthesis
from .tagged_film import shows_grid
from .tags import Tags, find_tags
from .timeline import Timeline
from .tracking import HarmonicTracking
from .unwrapping import PhaseUnwrapping, dense_displacement, material_displacement

__all__ = [
    "BandPass",
    "BodyInMotion",
    "BodyMotion",
    "CineFit",
    "CineMotion",
    "CineSlice",
    "Crossings",
    "FilmMotion",
    "Fusion",
    "GaborBank",
    "GaborFilm",
    "Given",
    "HarmonicImages",
    "HarmonicTracking",
    "HeartMotion",
    "Insertion",
    "PhaseFit",
    "PhaseUnwrapping",
    "PointFit",
    "PointMatch",
    "PointMatching",
    "RestFit",
    "RestFound",
    "RingCourses",
    "RingMotion",
    "Sectors",
    "Smoothness",
    "Start",
    "Summary",
    "Synthesis",
    "TaggedFilm",
    "Tags",
    "Timeline",
    "WallMotion",
    "dense_displacement",
    "find_tags",
    "follow_crossings",
    "material_displacement",
    "phases_of",
    "ridden_by_cine",
    "shows_grid",
]
