"""One slice from its k-space: which prior, how strong, and how far from the minimum it stopped."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from corporis.apps.mri.encoding import Encoding
from corporis.apps.mri.partial_fourier import is_partial, nearly_real
from corporis.apps.mri.patches import PatchPrior
from corporis.apps.mri.variation import ConvexPrior
from corporis.interfaces import Iterate
from corporis.learning import BlockMatching, DictionaryDenoiser
from corporis.operators import Trajectory
from corporis.solvers import conjugate_gradient, run

Watch = Callable[[str, float, float | None], None]
"""Called with what is done, its share of the work, and the relative gap where one is known."""


class Method(StrEnum):
    """What is known about the image besides its samples."""

    PATCHES = "patches"
    DICTIONARY = "dictionary"
    TV = "tv"
    TV_WAVELET = "tv-wavelet"
    TREE = "tree"
    LEAST_SQUARES = "least-squares"
    ZERO_FILL = "zero-fill"
    CAUSAL = "causal"
    LOW_RANK = "low-rank"
    LOCAL_LOW_RANK = "local-low-rank"
    KT_SPARSE = "kt-sparse"
    JOINT = "joint"
    FOREST = "forest"


SINGLE = tuple(Method)[:7]
"""Methods for one plane; the others join frames or contrasts."""
WHOLE = (Method.LOW_RANK, Method.LOCAL_LOW_RANK, Method.KT_SPARSE)
"""Methods that see a whole series at once."""
LEAST = 1e-7
"""Smallest weight or noise that single precision can tell from none."""
LEVELLED = (Method.PATCHES, Method.DICTIONARY)
"""Methods that want a noise level."""
SHARES = {Method.TV: (0.0, 0.0), Method.TV_WAVELET: (1.0, 0.0), Method.TREE: (0.5, 0.2)}
"""Wavelets and trees of them, beside one part of total variation."""


@dataclass(frozen=True, eq=False)
class Slice:
    """A reconstructed slice and what is known about how good it is.

    Parameters
    ----------
    image : complex64 array, (rows, columns)
        In the unit of the input's image.
    method : Method
    statement : str
        What was minimised, or done, with its numbers.
    gap : float or None
        Certificate: the objective is at most this share above its minimum; None where there is
        no objective.
    weight : float or None
        Of the penalty, in units of the brightest; None without one.
    noise : float
        Deviation of the noise in the real part of one sample, whitened, in units of the brightest.
    trace : tuple of float
        The gap, or the relative change, of every iteration.
    """

    image: np.ndarray
    method: Method
    statement: str
    gap: float | None
    weight: float | None
    noise: float
    trace: tuple[float, ...]


def _silent(text: str, share: float, gap: float | None) -> None:
    """Nobody watches."""


def reconstruct(
    encoding: Encoding,
    method: Method = Method.PATCHES,
    *,
    weight: float | None = None,
    noise: float | None = None,
    n_iterations: int | None = None,
    may_be_real: bool = True,
    watch: Watch = _silent,
) -> Slice:
    """One slice.

    Parameters
    ----------
    encoding : Encoding
    method : Method
        One of `SINGLE`.
    weight : float or None
        Of ``tv``, ``tv-wavelet`` and ``tree``, in units of the brightest, > 0; None finds it by
        samples held back.
    noise : float or None
        Of ``patches`` and ``dictionary``, in units of the brightest; None finds it.
    n_iterations : int or None
        None takes the method's own.
    may_be_real : bool
        Whether ``patches`` and ``dictionary`` may use conjugate symmetry where one side of
        k-space was not measured; False where the phase itself is what is looked for.
    watch : callable(text, share, gap)

    Raises
    ------
    ValueError
        If `weight` or `noise` is not positive, ``n_iterations < 1``, or the method joins planes.
    """
    if method not in SINGLE:
        raise ValueError(f"method must be one of {', '.join(SINGLE)} for one plane, got {method}")
    for name, value in (("weight", weight), ("noise", noise), ("n_iterations", n_iterations)):
        if value is not None and not 0 < value < np.inf:
            raise ValueError(f"{name} must be finite and > 0, got {value}")
    for name, value in (("weight", weight), ("noise", noise)):
        if value is not None and not LEAST <= value <= 1:
            raise ValueError(f"{name} is a share of the brightest, {LEAST:g} to 1, got {value}")
    if method in LEVELLED:
        return _by_patches(encoding, method, noise, n_iterations, may_be_real, watch)
    if method in SHARES:
        return _by_splitting(encoding, method, weight, n_iterations, watch)
    return _plain(encoding, method, n_iterations or 30)


def _by_patches(encoding, method, noise, n_iterations, may_be_real, watch):
    denoiser = BlockMatching() if method == Method.PATCHES else DictionaryDenoiser()
    prior = PatchPrior(n_iterations or PatchPrior.n_iterations, denoiser=denoiser)
    is_half = may_be_real and is_partial(encoding.mask)
    n_trials = (2 if is_half else 0) + (1 if noise is None else 0)
    total = prior.n_iterations + n_trials * prior.n_first
    changes: list[float] = []

    def note(iterate: Iterate) -> None:
        changes.append(iterate.change)
        watch("reconstructing", min(len(changes) / total, 1.0), None)

    symmetric = nearly_real(prior, encoding, note) if is_half else None
    prior = symmetric or prior
    last, noise = prior.solve(encoding, noise, note)
    levels = prior.levels(max(prior.last * noise, prior.least), prior.n_iterations)
    statement = (
        f"Plug-and-play Douglas-Rachford splitting, {prior.n_iterations} iterations: the image "
        f"that fits the samples, alternated with {_words(denoiser)} at noise levels from "
        f"{levels[0]:.3g} to {levels[-1]:.3g} of the brightest. There "
        f"is no objective, hence no gap; the last relative change was {last.change:.1e}."
    )
    if is_half:
        statement += (
            " One side of k-space is missing. That the image is nearly real once its smooth phase "
            + ("is taken off was used: it" if symmetric else "is taken off was not used: it")
            + f" predicts held-back samples of the short side{'' if symmetric else ' no'} better."
        )
    image = encoding.image(last.x)
    # of the run that made the image, not of those that found its numbers
    trace = tuple(changes[-prior.n_iterations :])
    return Slice(image, method, statement, None, None, noise, trace)


def _words(denoiser):
    if isinstance(denoiser, BlockMatching):
        sizes = " and ".join(str(s) for s in denoiser.sizes)
        return f"block matching (patches of {sizes} pixels, {denoiser.n_alike} alike)"
    return (
        f"a dictionary learned from the image itself ({denoiser.n_atoms} atoms of "
        f"{denoiser.size} by {denoiser.size} pixels)"
    )


def _by_splitting(encoding, method, weight, n_iterations, watch):
    wavelet, tree = SHARES[method]
    n = n_iterations or ConvexPrior.n_iterations
    prior = ConvexPrior(1.0, wavelet, n, tree=tree)
    if weight is None:
        tries = [0]

        def note(_: Iterate) -> None:
            tries[0] += 1
            watch("finding the weight", 0.7 * tries[0] / (9 * prior.n_first), None)

        weight = prior.weight_of(encoding, note)
    measure, gaps = prior.gap(encoding, weight), []

    def audit(iterate: Iterate) -> float:
        gaps.append(measure(iterate))
        watch("reconstructing", 0.7 + 0.3 * iterate.count / n, gaps[-1])
        return gaps[-1]

    found = run(prior.iterates(encoding, weight), at_most=n, audit=audit, tolerance=1e-5)
    terms = f"{weight:.3g} TV(x)" + (f" + {weight:.3g} ||W x||_1" if wavelet else "")
    if tree:
        terms += f" + {tree * weight:.3g} sum ||(W x)_g||, g a wavelet detail and all below it"
    whitened = ", noise of the coils whitened" if encoding.coils is not None else ""
    statement = (
        f"Minimised: 1/2 ||A x - b||^2 + {terms}, image in units of its brightest"
        f"{whitened}{', W Daubechies wavelets with 2 moments' if wavelet or tree else ''}. "
        f"{prior.words(encoding)}, {found.count} iterations; the objective is at most "
        f"{100 * found.gap:.2g} % above its minimum."
    )
    image = encoding.image(found.x)
    return Slice(image, method, statement, found.gap, weight, encoding.sigma, tuple(gaps))


def _plain(encoding: Encoding, method, n):
    start = encoding.start()
    if method == Method.ZERO_FILL or encoding.is_met_exactly:
        words = "Zero-filled: samples that were not measured are zero, coils combined."
        if isinstance(encoding.operator, Trajectory):
            words = "Gridded: samples weighed by the area that each stands for, coils combined."
        return Slice(encoding.image(start), method, words, None, None, encoding.sigma, ())
    iterates = conjugate_gradient(encoding.operator.normal, start, np.zeros_like(start))
    found = run(iterates, at_most=n, tolerance=1e-4)
    words = (
        f"Least squares without a penalty (SENSE): {found.count} conjugate gradients, relative "
        f"residual of the normal equation {found.trace[-1]:.1e}."
    )
    image = encoding.image(found.x)
    return Slice(image, method, words, None, None, encoding.sigma, found.trace)
