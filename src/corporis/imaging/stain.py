"""Stains: colours of a bright-field image as concentrations of two dyes (Beer and Lambert).

``-log(I / I0) = concentrations x stains``: what is multiplied in light adds in optical density.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from corporis.errors import NotFound

WHITE = 255.0
LEAST_DENSITY = 0.15
"""Mean optical density below which a pixel counts as glass."""
HAEMATOXYLIN = (0.650, 0.704, 0.286)
EOSIN = (0.072, 0.990, 0.105)
DAB = (0.268, 0.570, 0.776)


def optical_density(image, white=WHITE) -> np.ndarray:
    """``-log(I / I0)`` of each channel, float64; 0 is glass, a black pixel counts as 1 grey level.

    Examples
    --------
    >>> optical_density(np.array([255, 255 / np.e])).round(12).tolist()
    [0.0, 1.0]
    """
    return np.log(white) - np.log(np.maximum(np.asarray(image, float), 1.0))


def transmitted(density, white=WHITE) -> np.ndarray:
    """The image (uint8) that a density gives: ``I0 exp(-density)``, rounded and clipped."""
    return np.clip(np.rint(white * np.exp(-np.asarray(density))), 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class Stains:
    """Two dyes: their colours in optical density, and how much of each counts as full.

    Parameters
    ----------
    vectors : ndarray, (2, 3)
        Optical density of each dye in red, green and blue, of length 1, >= 0; what stains nuclei
        comes first.
    full : ndarray, (2,)
        The 99 per cent point of each concentration in tissue, > 0.

    Raises
    ------
    ValueError
        If the dyes are not two different directions, or `full` is not positive.

    Examples
    --------
    >>> dyes = Stains(np.array([[0.6, 0.8, 0.0], [0.0, 0.6, 0.8]]), np.ones(2))
    >>> grey = dyes.render(np.array([[1.0, 0.5]]))
    >>> dyes.concentrations(grey).round(1).tolist()
    [[1.0, 0.5]]
    """

    vectors: np.ndarray
    full: np.ndarray

    def __post_init__(self):
        vectors, full = np.asarray(self.vectors, float), np.asarray(self.full, float)
        if vectors.shape != (2, 3) or vectors.min() < 0 or not np.isfinite(vectors).all():
            raise ValueError(f"vectors must be (2, 3), finite and >= 0, got {vectors.shape}")
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        if length.min() <= 0 or (vectors / length)[0] @ (vectors / length)[1] > 1 - 1e-4:
            raise ValueError("the two dyes must differ in colour: their vectors are parallel")
        if full.shape != (2,) or not (full > 0).all():
            raise ValueError(f"full must be two concentrations > 0, got {full}")
        object.__setattr__(self, "vectors", vectors / length)
        object.__setattr__(self, "full", full)

    def concentrations(self, image) -> np.ndarray:
        """How much of each dye: non-negative least squares, (..., 3) to (..., 2)."""
        return non_negative_codes(optical_density(image), self.vectors)

    def render(self, concentrations) -> np.ndarray:
        """The image (uint8) that concentrations (..., 2) give."""
        return transmitted(np.asarray(concentrations) @ self.vectors)


REFERENCE = Stains(np.array([HAEMATOXYLIN, EOSIN]), np.array([1.9, 1.0]))
"""Haematoxylin and eosin as Ruifrok and Johnston measured their colours."""
IMMUNE = Stains(np.array([HAEMATOXYLIN, DAB]), np.array([1.0, 1.0]))
"""Haematoxylin and diaminobenzidine, which is brown where an antibody was bound."""


def non_negative_codes(density, vectors, weight=0.0) -> np.ndarray:
    """``argmin_{c >= 0} 1/2 ||d - c V||^2 + weight sum(c)`` for each pixel, exactly.

    With two atoms there are four sets of active ones, each solved in closed form.
    """
    density = np.asarray(density, float)
    gram = vectors @ vectors.T
    target = density @ vectors.T - weight
    both = target @ np.linalg.inv(gram)
    alone = np.maximum(target / np.diag(gram), 0)
    first_wins = alone[..., 0] ** 2 * gram[0, 0] >= alone[..., 1] ** 2 * gram[1, 1]
    single = np.where(np.stack([first_wins, ~first_wins], -1), alone, 0)
    return np.where((both >= 0).all(-1, keepdims=True), both, single)


def macenko(image, *, white=WHITE, percentile=1.0) -> Stains:
    """Dyes at the two ends of the cloud of optical densities, in the plane of largest variance.

    Parameters
    ----------
    image : array, (..., 3)
    white : float
        Grey level of empty glass, > 0.
    percentile : float
        Angles beyond this and its complement are taken for noise, per cent.

    Raises
    ------
    NotFound
        If less than a thousandth of the image, or fewer than 50 pixels, is stained, or all of it
        in one colour.

    References
    ----------
    Macenko et al. (2009), IEEE ISBI, 1107-1110, doi:10.1109/ISBI.2009.5193250
    """
    tissue = _tissue(image, white)
    _, _, axes = np.linalg.svd(tissue.T @ tissue)
    plane = axes[:2] * np.sign(axes[:2].sum(axis=1, keepdims=True) + 1e-12)
    along = tissue @ plane.T
    angle = np.arctan2(along[:, 1], along[:, 0])
    ends = np.percentile(angle, [percentile, 100 - percentile])
    vectors = np.stack([np.cos(ends), np.sin(ends)], axis=1) @ plane
    return _ordered(np.maximum(vectors, 0), tissue)


def sparse_stains(image, *, white=WHITE, weight=0.05, n_iterations=60) -> Stains:
    r"""Dyes as two non-negative atoms whose codes are few:
    ``min 1/2 ||D - C V||^2 + weight sum(C)``, ``C, V >= 0``, ``||v_i|| <= 1``.

    A pixel tends to hold one dye, so that sparsity draws the atoms to the ends of the cloud where
    least squares alone would leave them undetermined. Starts at `macenko`.

    References
    ----------
    Vahadane et al. (2016), IEEE Trans. Med. Imaging 35, 1962-1971, doi:10.1109/TMI.2016.2529665
    """
    tissue = _tissue(image, white)
    vectors = macenko(image, white=white).vectors
    for _ in range(n_iterations):
        codes = non_negative_codes(tissue, vectors, weight)
        gram, product = codes.T @ codes, codes.T @ tissue
        for j in (0, 1):  # block coordinate descent, as for any dictionary
            if gram[j, j] > 1e-12:
                atom = vectors[j] + (product[j] - gram[j] @ vectors) / gram[j, j]
                atom = np.maximum(atom, 0)
                vectors[j] = atom / max(np.linalg.norm(atom), 1e-12)
    return _ordered(vectors, tissue)


def normalise(image, found: Stains, wanted: Stains = REFERENCE, *, white=WHITE) -> np.ndarray:
    """The image as if stained with `wanted`, in colour and in strength; uint8.

    What lies off the plane of the two dyes, as ink does, is left out.
    """
    codes = non_negative_codes(optical_density(image, white), found.vectors)
    return wanted.render(codes * (wanted.full / found.full))


@dataclass(frozen=True, slots=True)
class Restaining:
    """How far other stains and scanners may lie from those of an image.

    Parameters
    ----------
    grey, blurred : float
        Shares of images without colour, and out of focus, 0 to 1.
    mixing : float
        Standard deviation of how much of each colour's density goes into the others.
    strength, colour : float
        Standard deviations of the logarithm of all densities, and of each colour's.
    """

    grey: float
    mixing: float
    strength: float
    colour: float
    blurred: float


def restained(image, random: np.random.Generator, how: Restaining) -> np.ndarray:
    """An image as another stain and scanner may have given it, uint8.

    Optical densities are mixed, scaled and shifted; then come blur and noise.

    Parameters
    ----------
    image : array, (H, W, 3)
        Grey levels, 0 to 255.
    random : numpy.random.Generator
    how : Restaining
    """
    density = -np.log(np.maximum(image, 4.0) / 255)
    if random.random() < how.grey:
        density = np.repeat(density.mean(axis=2, keepdims=True), 3, axis=2)
    mixing = np.eye(3) + random.normal(0, how.mixing, (3, 3))
    gain = np.exp(random.normal(0, how.strength) + random.normal(0, how.colour, 3))
    density = density @ (mixing * gain).astype(np.float32)
    density += random.normal(0, 0.04, 3).astype(np.float32)
    image = 255 * np.exp(-density)
    if random.random() < how.blurred:
        image = ndimage.gaussian_filter(image, (random.uniform(0.3, 1.2),) * 2 + (0,))
    image += random.normal(0, random.uniform(0, 8), image.shape).astype(np.float32)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def _tissue(image, white, at_most=40_000):
    """Optical densities of stained pixels, (n, 3); of many an even sample."""
    density = optical_density(image, white).reshape(-1, 3)
    stained = density[density.mean(axis=1) > LEAST_DENSITY]
    if len(stained) < max(50, len(density) // 1000):
        raise NotFound("no stained tissue: nearly every pixel is as bright as glass")
    return stained[:: max(1, len(stained) // at_most)]


def _ordered(vectors, tissue):
    """Haematoxylin first: it takes more of red light than eosin or brown do."""
    lengths = np.linalg.norm(vectors, axis=1)
    if lengths.min() <= 0:
        raise NotFound("one colour only: two stains cannot be told apart")
    vectors = vectors / lengths[:, None]
    if vectors[0] @ vectors[1] > 1 - 1e-4:
        raise NotFound("one colour only: two stains cannot be told apart")
    vectors = vectors[np.argsort(-vectors[:, 0])]
    codes = non_negative_codes(tissue, vectors)
    return Stains(vectors, np.maximum(np.percentile(codes, 99, axis=0), 1e-3))
