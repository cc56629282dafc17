"""The report of one heart, as data: everything the page shows, nothing of how it is drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from corporis.interfaces import Measure, Mesh
from corporis.workstation.motion_page import MotionPage
from corporis.workstation.panel import BullsEye, Conclusion, Curve, Finding, View, check
from corporis.workstation.scene import Camera, Colouring, Look


@dataclass(frozen=True)
class HeartPage:
    """All that the report of one heart shows.

    Parameters
    ----------
    case_name : str
        A neutral label, never a patient's name.
    conclusion : Conclusion
    measures : sequence of Measure
        Every measure; `headline` names those shown large (default: the first six).
    views, meshes, curves, bullseyes, findings : see their classes
        A mesh is still or has `n_frames` sets of points. Values per vertex named "responsible"
        (0 or 1) draw a line around the part of the surface that drove the judgement.
    probabilities : mapping of str to float
        One bar per group.
    methods, references, warnings : sequence of str
    provenance : mapping
        Versions, parameters, seeds, input hash, seconds; may be nested.
    times_ms : array, (n_frames,), or None
        Time after the R wave; None gives phases in per cent of the cycle.
    ed_index, es_index : int or None
        Frames of end-diastole and end-systole.
    date : str
    headline : sequence of str
    colourings : sequence of Colouring
        The first one is shown first.
    looks : mapping of str to Look
        For meshes by name; others take a colour by their order.
    camera : Camera
    strain : MotionPage or None
        What the motion study found, whose own report lies at `strain_path` from this one.
    strain_path : str

    Raises
    ------
    ValueError
        If the parts disagree about the number of frames, or an index is out of range.
    """

    case_name: str
    conclusion: Conclusion
    measures: Sequence[Measure] = ()
    views: Sequence[View] = ()
    meshes: Mapping[str, Mesh] = field(default_factory=dict)
    curves: Sequence[Curve] = ()
    bullseyes: Sequence[BullsEye] = ()
    findings: Sequence[Finding] = ()
    probabilities: Mapping[str, float] = field(default_factory=dict)
    methods: Sequence[str] = ()
    references: Sequence[str] = ()
    warnings: Sequence[str] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    times_ms: np.ndarray | None = None
    ed_index: int | None = None
    es_index: int | None = None
    date: str = ""
    headline: Sequence[str] = ()
    colourings: Sequence[Colouring] = ()
    looks: Mapping[str, Look] = field(default_factory=dict)
    camera: Camera = field(default_factory=Camera)
    strain: MotionPage | None = None
    strain_path: str = ""

    def __post_init__(self):
        n = self.n_frames
        check(
            self.times_ms is None or np.shape(self.times_ms) == (n,),
            f"times_ms must have shape ({n},), got {np.shape(self.times_ms)}",
        )
        if self.times_ms is not None:
            times = np.asarray(self.times_ms, dtype=float)
            check(bool(np.all(np.diff(times) > 0)), "times_ms must increase")
        for curve in self.curves:
            check(
                len(curve.values) == n,
                f"curve {curve.name!r} must have {n} values, got {len(curve.values)}",
            )
        for name, mesh in self.meshes.items():
            check(
                not mesh.is_moving or len(mesh.points) == n,
                f"mesh {name!r} must be still or have {n} frames, got {len(mesh.points)}",
            )
        for index in (self.ed_index, self.es_index):
            check(index is None or 0 <= index < n, f"frame {index} is not one of {n}")
        for name, p in self.probabilities.items():
            check(0 <= p <= 1, f"probability of {name!r} must be in 0..1, got {p}")
        known = {measure.name for measure in self.measures}
        check(
            set(self.headline) <= known,
            f"headline names no measure: {sorted(set(self.headline) - known)}",
        )
        for name in ("meshes", "probabilities", "provenance", "looks"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def n_frames(self) -> int:
        """Number of frames of the cycle: that of the longest part."""
        lengths = [len(view.frames) for view in self.views]
        lengths += [len(mesh.points) for mesh in self.meshes.values() if mesh.is_moving]
        lengths += [len(curve.values) for curve in self.curves]
        return max(lengths, default=1)
