"""What a reconstruction says of itself: measures, methods, warnings."""

import math
from collections.abc import Sequence

import numpy as np

from corporis.apps.mri.encoding import Encoding
from corporis.apps.mri.reconstruct import Method, Slice
from corporis.imaging import KSpace
from corporis.interfaces import Measure
from corporis.operators import Trajectory

REFERENCES = (
    "Dabov, Foi, Katkovnik & Egiazarian, Image denoising by sparse 3-D transform-domain "
    "collaborative filtering, IEEE Transactions on Image Processing 16:2080-2095, 2007, "
    "doi:10.1109/TIP.2007.901238",
    "Venkatakrishnan, Bouman & Wohlberg, Plug-and-play priors for model based reconstruction, "
    "IEEE GlobalSIP 945-948, 2013, doi:10.1109/GlobalSIP.2013.6737048",
    "Uecker et al., ESPIRiT: an eigenvalue approach to autocalibrating parallel MRI, Magnetic "
    "Resonance in Medicine 71:990-1001, 2014, doi:10.1002/mrm.24751",
    "Huang, Zhang & Metaxas, Efficient MR image reconstruction for compressed MR imaging, Medical "
    "Image Analysis 15:670-679, 2011, doi:10.1016/j.media.2011.06.001",
)


def measures(
    kspace: KSpace, slices: Sequence[Slice], encodings: Sequence[Encoding], need: float
) -> tuple[Measure, ...]:
    """What a table of the reconstruction says; `need` is its memory in bytes."""
    gaps = [s.gap for s in slices if s.gap is not None]
    weights = [s.weight for s in slices if s.weight is not None]
    noise = [100 * s.noise for s in slices]
    return (
        Measure("sampled share of k-space", 100 * sampled_share(kspace), "%"),
        Measure("coils", kspace.n_coils, ""),
        Measure("sets of coil maps", max(e.n_sets for e in encodings), ""),
        Measure(
            "noise of one sample",
            float(np.median(noise)),
            "%",
            note="real part, of the brightest of the image, coils whitened",
        ),
        Measure(
            "correlation of the noise between coils",
            100 * max(e.noise.largest_correlation for e in encodings),
            "%",
            note=f"largest, read from the {encodings[0].noise.source}; removed",
        ),
        Measure(
            "weight of the penalty",
            float(np.median(weights)) if weights else None,
            "",
            note="in units of the brightest" if weights else "this method has none",
        ),
        Measure(
            "certified gap",
            100 * max(gaps) if gaps else None,
            "%",
            note="at most so far above the minimum" if gaps else "this method has no objective",
        ),
        Measure("memory estimated before the run", need / 1e9, "GB"),
    )


def sampled_share(kspace: KSpace) -> float:
    """Samples of a plane in units of its pixels; above 1 where a trajectory has more."""
    if kspace.is_cartesian:
        return kspace.share
    return kspace.size("shot") * kspace.size("sample") / math.prod(kspace.matrix or (1,))


def methods(slices: Sequence[Slice], encodings: Sequence[Encoding]) -> tuple[str, ...]:
    """How it was done, in sentences."""
    first = encodings[0]
    found = [
        slices[0].statement,
        "A is the Fourier transform "
        + (
            "along the trajectory, samples weighed by the area that each stands for,"
            if isinstance(first.operator, Trajectory)
            else "on the sampled frequencies"
        )
        + (
            f" of the image seen through {first.data.shape[0]} coils, whose sensitivities were "
            "calibrated from the centre of k-space (ESPIRiT)."
            if first.operator.maps is not None
            else "."
        ),
        "The image is as bright as the root sum of squares of the coils."
        if first.coils is not None
        else "The image has the unit of the unitary transform of the input.",
    ]
    if slices[0].method in (Method.PATCHES, Method.DICTIONARY):
        found.append(
            "The noise level, the only number the method needs, is the smallest of three upper "
            "bounds: the rim of k-space, samples held back and predicted, and the quietest places "
            "of the image. No reference image was used."
        )
    elif slices[0].weight is not None:
        found.append(
            "The weight is the one whose image predicts held-back samples best, unless it was "
            "given. No reference image was used."
        )
    return tuple(found)


def warnings(kspace: KSpace, encodings: Sequence[Encoding]) -> tuple[str, ...]:
    """What a reader must know first."""
    found = [str(w) for w in kspace.facts.get("warnings", ())]
    if any(e.n_sets > 1 for e in encodings):
        found.append(
            "The field of view is smaller than the body: two sets of coil maps were used, and "
            "parts of the body overlap in the image."
        )
    return tuple(found)
