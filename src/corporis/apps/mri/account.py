"""What a reconstruction says of itself: measures, methods, warnings."""

import math
from collections.abc import Collection, Sequence

import numpy as np

from corporis.apps.mri.encoding import Encoding
from corporis.apps.mri.given_maps import LEAST_EXPLAINED, explained_by_maps
from corporis.apps.mri.reconstruct import WHOLE, Method, Slice
from corporis.imaging import KSpace
from corporis.interfaces import Measure
from corporis.operators import Cartesian, Trajectory

ESPIRIT = (
    "Uecker et al., ESPIRiT: an eigenvalue approach to autocalibrating parallel MRI, Magnetic "
    "Resonance in Medicine 71:990-1001, 2014, doi:10.1002/mrm.24751"
)
PLUG_AND_PLAY = (
    "Venkatakrishnan, Bouman & Wohlberg, Plug-and-play priors for model based reconstruction, "
    "IEEE GlobalSIP 945-948, 2013, doi:10.1109/GlobalSIP.2013.6737048"
)
COMPOSITE = (
    "Huang, Zhang & Metaxas, Efficient MR image reconstruction for compressed MR imaging, Medical "
    "Image Analysis 15:670-679, 2011, doi:10.1016/j.media.2011.06.001"
)
TREE = (
    "Chen & Huang, Exploiting the wavelet structure in compressed sensing MRI, Magnetic Resonance "
    "Imaging 32:1377-1389, 2014"
)
SENSE = (
    "Pruessmann, Weiger, Boernert & Boesiger, Advances in sensitivity encoding with arbitrary "
    "k-space trajectories, Magnetic Resonance in Medicine 46:638-651, 2001, doi:10.1002/mrm.1241"
)
REFERENCES: dict[Method, tuple[str, ...]] = {
    Method.PATCHES: (
        "Dabov, Foi, Katkovnik & Egiazarian, Image denoising by sparse 3-D transform-domain "
        "collaborative filtering, IEEE Transactions on Image Processing 16:2080-2095, 2007, "
        "doi:10.1109/TIP.2007.901238",
        PLUG_AND_PLAY,
    ),
    Method.DICTIONARY: (
        "Aharon, Elad & Bruckstein, K-SVD: an algorithm for designing overcomplete dictionaries "
        "for sparse representation, IEEE Transactions on Signal Processing 54:4311-4322, 2006, "
        "doi:10.1109/TSP.2006.881199",
        PLUG_AND_PLAY,
    ),
    Method.TV: (
        "Rudin, Osher & Fatemi, Nonlinear total variation based noise removal algorithms, Physica "
        "D 60:259-268, 1992, doi:10.1016/0167-2789(92)90242-F",
    ),
    Method.TV_WAVELET: (COMPOSITE,),
    Method.TREE: (TREE, COMPOSITE),
    Method.LEAST_SQUARES: (SENSE,),
    Method.ZERO_FILL: (),
    Method.CAUSAL: (
        "Chen, Li, Axel & Huang, Real time dynamic MRI by exploiting spatial and temporal "
        "sparsity, Magnetic Resonance Imaging 34:473-482, 2016",
    ),
    Method.LOW_RANK: (
        "Otazo, Candes & Sodickson, Low-rank plus sparse matrix decomposition for accelerated "
        "dynamic MRI, Magnetic Resonance in Medicine 73:1125-1136, 2015, doi:10.1002/mrm.25240",
    ),
    Method.LOCAL_LOW_RANK: (
        "Trzasko & Manduca, Local versus global low-rank promotion in dynamic MRI series "
        "reconstruction, Proc. Intl. Soc. Mag. Reson. Med. 19:4371, 2011",
    ),
    Method.KT_SPARSE: (
        "Jung, Sung, Nayak, Kim & Ye, k-t FOCUSS, Magnetic Resonance in Medicine 61:103-116, "
        "2009, doi:10.1002/mrm.21757",
    ),
    Method.JOINT: (
        "Huang, Chen & Axel, Fast multi-contrast MRI reconstruction, Magnetic Resonance Imaging "
        "32:1344-1352, 2014",
    ),
    Method.FOREST: (
        "Chen, Li & Huang, Forest sparsity for multi-channel compressive sensing, IEEE "
        "Transactions on Signal Processing 62:2803-2813, 2014, arXiv:1211.4657",
    ),
}
"""Where each method was published."""


def references(
    method: Method, encodings: Sequence[Encoding], given: Collection[str] = ()
) -> tuple[str, ...]:
    """Of what was used: the method, and the calibration where it was ours."""
    is_calibrated = encodings[0].operator.maps is not None and "maps" not in given
    return (*REFERENCES[method], *((ESPIRIT,) if is_calibrated else ()))


def measures(
    kspace: KSpace, slices: Sequence[Slice], encodings: Sequence[Encoding], need: float
) -> tuple[Measure, ...]:
    """What a table of the reconstruction says; `need` is its memory in bytes."""
    gaps = [s.gap for s in slices if s.gap is not None]
    weights = [s.weight for s in slices if s.weight is not None]
    noise = [100 * s.noise for s in slices]
    median = "; median of all planes" if len(slices) > 1 else ""
    unit = "in units of the brightest"
    if slices[0].method in WHOLE:
        unit = "relative to the zero-filled series' own largest value of the first term"
    return (
        Measure("sampled share of k-space", 100 * sampled_share(kspace), "%"),
        Measure("coils", kspace.n_coils, ""),
        *(
            (Measure("sets of coil maps", max(e.n_sets for e in encodings), ""),)
            if kspace.n_coils > 1
            else ()
        ),
        Measure(
            "noise of one sample",
            float(np.median(noise)),
            "%",
            note="real part, of the brightest of the image"
            + (", coils whitened" if kspace.n_coils > 1 else "")
            + median,
        ),
        *_correlation(kspace, encodings),
        Measure(
            "weight of the penalty",
            float(np.median(weights)) if weights else None,
            "",
            note=unit + median if weights else "this method has none",
        ),
        Measure(
            "certified gap",
            100 * max(gaps) if gaps else None,
            "%",
            note=(
                "at most so far above the minimum" + ("; of the worst plane" if median else "")
                if gaps
                else "not known for this method"
            ),
        ),
        Measure("memory estimated before the run", need / 1e9, "GB"),
    )


def _correlation(kspace, encodings):
    """Of several coils only; the rim of k-space holds some image, which correlates too."""
    if kspace.n_coils < 2:
        return ()
    source = encodings[0].noise.source
    bound = "" if source == "noise scan" else ", at most: some of it is image"
    return (
        Measure(
            "correlation of the noise between coils",
            100 * max(e.noise.largest_correlation for e in encodings),
            "%",
            note=f"largest, read from the {source}{bound}; removed",
        ),
    )


def sampled_share(kspace: KSpace) -> float:
    """Samples of a plane in units of its pixels; above 1 where a trajectory has more."""
    if kspace.is_cartesian:
        return kspace.share
    return kspace.size("shot") * kspace.size("sample") / math.prod(kspace.matrix or (1,))


def methods(
    slices: Sequence[Slice], encodings: Sequence[Encoding], given: Collection[str] = ()
) -> tuple[str, ...]:
    """How it was done, in sentences; `given` names what the user gave: maps, noise, weight."""
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
            + ("given." if "maps" in given else "calibrated from the centre of k-space (ESPIRiT).")
            if first.operator.maps is not None
            else "."
        ),
        "The image is as bright as the root sum of squares of the coils."
        if first.coils is not None
        else "The image has the unit of the unitary transform of the input.",
    ]
    if slices[0].method in (Method.PATCHES, Method.DICTIONARY):
        found.append(
            "The noise level, the only number the method needs, was given."
            if "noise" in given
            else "The noise level, the only number the method needs, is the smallest of these "
            "upper bounds: the rim of k-space, samples held back and predicted"
            + (", the quietest places of the image" if first.is_met_exactly else "")
            + ". No reference image was used."
        )
    elif slices[0].weight is not None:
        found.append(
            "The weight was given."
            if "weight" in given
            else "The weight was found from the data: samples held back are predicted best with "
            "it. No reference image was used."
        )
    return tuple(found)


def warnings(
    kspace: KSpace, encodings: Sequence[Encoding], sets_were_found: bool = True
) -> tuple[str, ...]:
    """What a reader must know first."""
    found = [str(w) for w in kspace.facts.get("warnings", ())]
    if kspace.maps is not None and isinstance(encodings[0].operator, Cartesian):
        share = explained_by_maps(encodings[0])
        if share < LEAST_EXPLAINED:
            found.append(
                f"The coil maps given explain only {100 * share:.0f} % of the signal in the centre "
                "of k-space: they may be of another scan, turned, or in another order of coils."
            )
    if sets_were_found and any(e.n_sets > 1 for e in encodings):
        found.append(
            "The field of view is smaller than the body: two sets of coil maps were used, and "
            "parts of the body overlap in the image."
        )
    return tuple(found)
