"""The heart in motion: tags tracked by their phase, and the strain that follows."""

from corporis.apps.heart_motion.application import HeartMotion
from corporis.apps.heart_motion.body import BodyInMotion, BodyMotion
from corporis.apps.heart_motion.cine import CineFit, CineMotion, CineSlice, phases_of
from corporis.apps.heart_motion.cine_film import ridden_by_cine
from corporis.apps.heart_motion.equations import RingCourses, Smoothness
from corporis.apps.heart_motion.film import FilmMotion
from corporis.apps.heart_motion.fusion import Fusion, TaggedFilm, WallMotion
from corporis.apps.heart_motion.gabor import Crossings, GaborBank, GaborFilm
from corporis.apps.heart_motion.given import Given
from corporis.apps.heart_motion.harmonic import BandPass, HarmonicImages
from corporis.apps.heart_motion.matching import PointMatch, PointMatching, follow_crossings
from corporis.apps.heart_motion.motion import RingMotion
from corporis.apps.heart_motion.phase_fit import PhaseFit
from corporis.apps.heart_motion.point_fit import PointFit
from corporis.apps.heart_motion.rest_fit import RestFit, RestFound
from corporis.apps.heart_motion.sectors import Insertion, Sectors
from corporis.apps.heart_motion.start import Start
from corporis.apps.heart_motion.summary import Summary
from corporis.apps.heart_motion.synthesis import Synthesis
from corporis.apps.heart_motion.tagged_film import shows_grid
from corporis.apps.heart_motion.tags import Tags, find_tags
from corporis.apps.heart_motion.timeline import Timeline
from corporis.apps.heart_motion.tracking import HarmonicTracking
from corporis.apps.heart_motion.unwrapping import (
    PhaseUnwrapping,
    dense_displacement,
    material_displacement,
)

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
