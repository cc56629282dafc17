"""Planes reconstructed together: frames of a series, contrasts of one place."""

from collections.abc import Sequence

import numpy as np

from corporis.apps.mri.encoding import Encoding
from corporis.apps.mri.forest import ForestContrasts
from corporis.apps.mri.joint import JointContrasts
from corporis.apps.mri.low_rank import (
    locally_low_rank,
    low_rank_plus_sparse,
    temporally_sparse,
)
from corporis.apps.mri.reconstruct import WHOLE, Method, Slice, Watch
from corporis.apps.mri.series import CausalSeries
from corporis.apps.mri.series_weight import STRENGTHS, found_strength
from corporis.errors import Unsupported

AXIS = {
    Method.CAUSAL: "frame",
    Method.LOW_RANK: "frame",
    Method.LOCAL_LOW_RANK: "frame",
    Method.KT_SPARSE: "frame",
    Method.JOINT: "contrast",
    Method.FOREST: "contrast",
}
"""What the method joins."""
WITH_COILS = WHOLE
"""Methods that also take several coils, the same for all planes."""
PROBLEMS = {
    Method.LOW_RANK: (
        low_rank_plus_sparse,
        {"low_rank": 3e-3, "sparse": 1e-3},
        "1/2 ||A(L + S) - b||^2 + {} ||L||_* + {} ||F_t S||_1",
    ),
    Method.LOCAL_LOW_RANK: (
        locally_low_rank,
        {"weight": 2e-3},
        "1/2 ||A X - b||^2 + {} sum_b ||X_b||_*, b blocks of 8 by 8 pixels,",
    ),
    Method.KT_SPARSE: (temporally_sparse, {"weight": 2e-3}, "1/2 ||A X - b||^2 + {} ||F_t X||_1"),
}
"""Solver, the weights that the search starts from, and the objective of each."""


def reconstruct_together(
    encodings: Sequence[Encoding], method: Method, watch: Watch
) -> list[Slice]:
    """All frames, or all contrasts, of one place.

    Parameters
    ----------
    encodings : sequence of Encoding
        One a frame or contrast; of one coil, or of coils that `encode_series` calibrated.
    method : Method
        One of `AXIS`.
    watch : callable(text, share, gap)

    Raises
    ------
    Unsupported
        If the method does not take several coils, or there is only one plane.
    """
    maps = encodings[0].operator.maps
    if maps is not None and method not in WITH_COILS:
        raise Unsupported(
            f"{method} reconstructs one coil, got several: use "
            + (" or ".join(WITH_COILS) if AXIS[method] == "frame" else "patches or tv")
        )
    if len(encodings) < 2:
        raise Unsupported(
            f"{method} needs several planes along the axis {AXIS[method]}, got one: use patches"
        )
    # the unit of the input again: every plane was scaled by itself
    data = np.stack([e.scale * e.data for e in encodings])
    masks = np.stack([e.mask for e in encodings])
    if method == Method.CAUSAL:
        return _causal(data, masks, encodings, watch)
    if AXIS[method] == "contrast":
        watch("reconstructing all planes together", 0.1, None)
        return _contrasts(data, masks, encodings, method)
    return _whole_series(data, masks, encodings, method, maps, watch)


def _causal(data, masks, encodings, watch):
    frames = []
    for frame in CausalSeries().frames(data, masks):
        frames.append(frame)
        watch("frame by frame", len(frames) / len(data), None)
    first, later = 1e3 * frames[0].seconds, 1e3 * np.median([f.seconds for f in frames[1:]])
    found = []
    for number, (frame, encoding) in enumerate(zip(frames, encodings, strict=True), 1):
        known = "none" if frame.reference is None else f"frame {frame.reference + 1}"
        words = (
            "Frame by frame, from its own samples and earlier frames only: total variation of the "
            f"change since a reference that follows the motion; {later:.0f} ms a frame (median), "
            f"{first:.0f} ms the first, which also finds the weight and prepares the program. "
            f"Frame {number}: weight {frame.weight:.3g} of the brightest, reference {known}."
        )
        found.append(
            Slice(frame.image, Method.CAUSAL, words, None, frame.weight, encoding.sigma, ())
        )
    return found


def _whole_series(data, masks, encodings, method, maps, watch):
    solve, weights, words = PROBLEMS[method]

    def series(data, masks, strength, at_most):
        scaled = {name: strength * value for name, value in weights.items()}
        found, result = solve(data, masks, maps=maps, at_most=at_most, **scaled)
        return (found.sum(axis=0) if found.ndim == 4 else found), result

    strength = found_strength(
        lambda *given: series(*given)[0],
        data,
        masks,
        maps,
        lambda n: watch("finding the weight", 0.7 * n / len(STRENGTHS), None),
    )
    watch("reconstructing all planes together", 0.7, None)
    images, result = series(data, masks, strength, 150)
    found = [f"{strength * value:.2g}" for value in weights.values()]
    sentence = (
        f"Minimised: {words.format(*found)} over the whole series, X the frames as columns, "
        + ("F_t the transform over time, " if "F_t" in words else "")
        + "weights relative to the zero-filled series' own largest value of each term. "
        f"{result.count} iterations, last relative change {result.trace[-1]:.1e}; no certificate."
    )
    weight = strength * next(iter(weights.values()))
    return [
        Slice(e.image(image / e.scale), method, sentence, None, weight, e.sigma, result.trace)
        for image, e in zip(images, encodings, strict=True)
    ]


def _contrasts(data, masks, encodings, method):
    if method == Method.JOINT:
        found = JointContrasts()(data, masks)
        terms = (
            f"({1 - found.coupling:.2g} sum_s TV(x_s) + {found.coupling:.2g} JTV(x)), contrasts "
            "in units of their brightest; weight and coupling predict"
        )
    else:
        found = ForestContrasts()(data, masks)
        share = ForestContrasts.forest / len(data) ** 0.5
        terms = (
            f"(sum_s TV(x_s) + {share:.2g} sum_g ||(W x)_g||), g a wavelet detail and all "
            "below it in all contrasts, in units of their brightest; the weight predicts"
        )
    words = (
        f"Minimised: 1/2 sum_s ||A_s x_s - b_s||^2 + {found.weight:.3g} {terms} samples held back "
        "best."
    )
    return [
        Slice(image, method, words, None, found.weight, e.sigma, ())
        for image, e in zip(found.images, encodings, strict=True)
    ]
