"""Bodies with known truth: the virtual heart, two independent ways to image it, its k-space.

Besides it a tagged ring of muscle with exact strain, ellipses, whose k-space is known in closed
form, stained tissue whose nuclei are known, and point processes whose second moments are.
"""

from corporis.phantoms.beating_kspace import BeatingKSpace, Frame
from corporis.phantoms.dense_wall import dense_images, dense_kspace
from corporis.phantoms.ellipses import (
    Ellipses,
    PlaneWaveCoils,
    beating_ellipses,
    shepp_logan,
)
from corporis.phantoms.heart import VirtualHeart
from corporis.phantoms.kspace_rendering import render_plane_kspace
from corporis.phantoms.motion_scan import dense_scan, tagged_plane_scan, tagged_scan
from corporis.phantoms.nuclei import NuclearTissue
from corporis.phantoms.places import Places
from corporis.phantoms.point_process import HardCoreProcess, PoissonProcess, ThomasProcess
from corporis.phantoms.population import random_heart
from corporis.phantoms.prolate import ProlateHeart, ProlateMotion
from corporis.phantoms.rendering import render, render_plane, sample_training_heart
from corporis.phantoms.scanner import HEART_TO_RAS, Scanner
from corporis.phantoms.tagged_planes import BeatingWall, TaggedPlane, long_axis, short_axis
from corporis.phantoms.tagged_wall import TaggedWall
from corporis.phantoms.tissue import Tissue, Torso

__all__ = [
    "HEART_TO_RAS",
    "BeatingKSpace",
    "BeatingWall",
    "Ellipses",
    "Frame",
    "HardCoreProcess",
    "NuclearTissue",
    "Places",
    "PlaneWaveCoils",
    "PoissonProcess",
    "ProlateHeart",
    "ProlateMotion",
    "Scanner",
    "TaggedPlane",
    "TaggedWall",
    "ThomasProcess",
    "Tissue",
    "Torso",
    "VirtualHeart",
    "beating_ellipses",
    "dense_images",
    "dense_kspace",
    "dense_scan",
    "long_axis",
    "random_heart",
    "render",
    "render_plane",
    "render_plane_kspace",
    "sample_training_heart",
    "shepp_logan",
    "short_axis",
    "tagged_plane_scan",
    "tagged_scan",
]
