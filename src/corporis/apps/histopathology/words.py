"""Bags of visual words: local gradients about blobs, counted by the most like of typical ones."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from corporis.errors import NotFound
from corporis.imaging.stain import optical_density

MOST = 2000
"""Descriptors of an image; of more, a sample that is the same each time."""
AT_A_TIME = 4000
"""Descriptors whose distances to all words are held at once: 160 MB at 10,000 words."""
MOST_TO_LEARN = 120_000
"""Descriptors from which words are learned; an even sample of more."""
WINDOW, MARGIN = 1024, 64
"""Pixels of a square that is searched at once, and seen around it: memory is bounded by them."""


def sift_descriptors(image, at_most: int = MOST) -> np.ndarray:
    """Descriptors (n, 128) float32 of an image, n <= `at_most`; see `sift_keypoints`."""
    return sift_keypoints(image, at_most)[0]


def sift_keypoints(image, at_most: int = MOST) -> tuple[np.ndarray, np.ndarray]:
    """Descriptors (n, 128) float32 of an image, each of length one, and their places (n, 2).

    Square roots of gradient histograms, so that straight distances compare histograms (Hellinger).
    Places are rows and columns.

    Parameters
    ----------
    image : array, (H, W, 3), uint8
    at_most : int
        >= 1.

    Raises
    ------
    NotFound
        If nothing stands out of the image.

    References
    ----------
    Lowe (2004), IJCV 60, 91-110, doi:10.1023/B:VISI.0000029664.99615.94
    Arandjelovic & Zisserman (2012), CVPR, 2911-2918 (square roots).
    """
    grey = optical_density(image).mean(axis=2)
    grey = grey / max(grey.max(), 1e-6)
    parts = [
        _in_window(grey, top, left)
        for top in range(0, grey.shape[0], WINDOW)
        for left in range(0, grey.shape[1], WINDOW)
    ]
    found, places = (np.concatenate(part) for part in zip(*parts))
    if not len(found):
        raise NotFound("no tissue: nothing stands out of the image")
    if len(found) > at_most:
        kept = np.sort(np.random.default_rng(0).permutation(len(found))[:at_most])
        found, places = found[kept], places[kept]
    return np.sqrt(found / np.maximum(found.sum(axis=1, keepdims=True), 1e-12)), places


def _in_window(grey, top, left):
    """Descriptors whose places lie in one square, and these places."""
    from skimage.feature import SIFT

    finder = SIFT(upsampling=1, c_dog=0.04 / 3 / 4)
    r, c = max(top - MARGIN, 0), max(left - MARGIN, 0)
    seen = grey[r : top + WINDOW + MARGIN, c : left + WINDOW + MARGIN]
    try:
        finder.detect_and_extract(seen)
    except RuntimeError:  # how it says that there are none
        return np.zeros((0, 128), np.float32), np.zeros((0, 2), int)
    places = np.asarray(finder.positions) + np.array([r, c])
    corner = np.array([top, left])
    mine = ((places >= corner) & (places < corner + WINDOW)).all(axis=1)
    return np.asarray(finder.descriptors, np.float32)[mine], places[mine]


class VisualWords(TransformerMixin, BaseEstimator):
    """Descriptors of images as counts of words: the centres that k-means found among them.

    Parameters
    ----------
    n_words : int
        Length of a bag, >= 2; no more than there are descriptors.
    random_state : int
        Draws the sample and the first centres.

    Attributes
    ----------
    words_ : ndarray, (n_words, n_dimensions), float32

    Examples
    --------
    >>> images = [np.array([[0.0], [0.1]]), np.array([[1.0], [1.1]])]
    >>> VisualWords(2).fit(images).transform(images).round(1).tolist() in (
    ...     [[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]])
    True

    References
    ----------
    Sivic & Zisserman (2003), ICCV, 1470-1477, doi:10.1109/ICCV.2003.1238663
    Sculley (2010), WWW, 1177-1178 (k-means in small batches).
    """

    def __init__(self, n_words=10_000, random_state=0):
        self.n_words = n_words
        self.random_state = random_state

    def fit(self, X, y=None):
        """Learn words from descriptors, one array (n, d) an image.

        Raises
        ------
        ValueError
            If there are fewer descriptors than words, or `n_words` < 2.
        """
        from sklearn.cluster import MiniBatchKMeans

        every = np.concatenate([np.asarray(x, np.float32) for x in X])
        if not 2 <= self.n_words <= len(every):
            raise ValueError(
                f"n_words must be 2 to the number of descriptors, {len(every)}, got {self.n_words}"
            )
        rng = np.random.default_rng(self.random_state)
        if len(every) > MOST_TO_LEARN:
            every = every[rng.choice(len(every), MOST_TO_LEARN, replace=False)]
        first = every[rng.choice(len(every), self.n_words, replace=False)]
        means = MiniBatchKMeans(
            self.n_words, init=first, n_init=1, max_iter=3, batch_size=4 * AT_A_TIME,
            random_state=self.random_state, reassignment_ratio=0.0, compute_labels=False,
        )  # fmt: skip
        self.words_ = means.fit(every).cluster_centers_.astype(np.float32)
        return self

    def transform(self, X):
        """Bags (n_images, n_words) float32: square roots of the shares of words, of length one."""
        check_is_fitted(self)
        bags = np.zeros((len(X), len(self.words_)), np.float32)
        for row, descriptors in enumerate(X):
            nearest = self.nearest(descriptors)
            count = np.bincount(nearest, minlength=len(self.words_))
            bags[row] = np.sqrt(count / max(count.sum(), 1))
        return bags

    def nearest(self, descriptors):
        """The word of each descriptor, (n,) int."""
        descriptors = np.asarray(descriptors, np.float32)
        square = (self.words_**2).sum(axis=1)
        parts = [
            np.argmin(square - 2 * descriptors[a : a + AT_A_TIME] @ self.words_.T, axis=1)
            for a in range(0, len(descriptors), AT_A_TIME)
        ]
        return np.concatenate(parts) if parts else np.zeros(0, int)
