from .beating_kspace import BeatingKSpace, Frame
from .dense_wall import dense_images, dense_kspace
from .ellipses import Ellipses, PlaneWaveCoils, beating_ellipses, shepp_logan
from .heart import VirtualHeart
from .kspace_rendering import render_plane_kspace
from .motion_scan import dense_scan, tagged_plane_scan, tagged_scan
from .nuclei import NuclearTissue
from .places import Places
from .point_process import HardCoreProcess, PoissonProcess, ThomasProcess
from .population import random_heart
from .prolate import ProlateHeart, ProlateMotion
from .rendering import render, render_plane, sample_training_heart
from .scanner import HEART_TO_RAS, Scanner
from .tagged_planes import BeatingWall, TaggedPlane, long_axis, short_axis
from .tagged_wall import TaggedWall
from .tissue import Tissue, Torso

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
