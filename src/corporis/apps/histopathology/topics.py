"""What views say in visual words, as few numbers: bags seen along their main directions."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from corporis.apps.histopathology.evidence import UM_PER_PX as VIEW_UM_PER_PX
from corporis.apps.histopathology.features import SIDE, STEP
from corporis.apps.histopathology.words import VisualWords, sift_keypoints
from corporis.errors import BadInput, NotFound

UM_PER_PX = 0.62
"""Scale at which words are looked for: about 20x, where a nucleus is a dozen pixels wide."""
FAMILY = "words"
N_TOPICS = 64
DESCRIPTORS_A_WORD = 12
"""As many must be there to learn one word from."""
ALL = 10**9


@dataclass(frozen=True)
class ViewTopics:
    """Views of a region in visual words: how far each lies along what varies most among bags.

    Parameters
    ----------
    words : ndarray, (n_words, 128), float32
        Typical descriptors, as `VisualWords` learns them.
    axes : ndarray, (n_words, n_topics), float32
        Leading singular vectors of the bags of views.

    References
    ----------
    Sivic & Zisserman (2003), ICCV, 1470-1477, doi:10.1109/ICCV.2003.1238663
    Deerwester, Dumais, Furnas, Landauer & Harshman (1990), J. Am. Soc. Inf. Sci. 41, 391-407
    (latent semantic analysis)
    """

    words: np.ndarray
    axes: np.ndarray

    @classmethod
    def learn(cls, images: Sequence, n_words: int, n_topics: int = N_TOPICS, *, seed: int = 0):
        """From images (H, W, 3) of uint8 at `UM_PER_PX`; diagnoses play no part.

        Fewer words are learned where there are too few descriptors.

        Raises
        ------
        BadInput
            If next to nothing stands out of the images.
        """
        seen = [found for image in images if (found := _keypoints(image)) is not None]
        n_descriptors = sum(len(descriptors) for descriptors, _ in seen)
        n_words = min(n_words, n_descriptors // DESCRIPTORS_A_WORD)
        if n_words < 2:
            raise BadInput(
                f"visual words: expected images with structure, got {n_descriptors} blobs in "
                f"{len(images)} images: go without (--words 0)"
            )
        words = VisualWords(n_words, random_state=seed).fit([d for d, _ in seen])
        bags = [_bags(words.nearest(d), places, _grid(places), n_words) for d, places in seen]
        return cls(words.words_, _leading(bags, n_topics, seed))

    def __call__(self, image, corners) -> np.ndarray:
        """Topics (n, n_topics) float32 of views; nought where nothing stands out.

        Parameters
        ----------
        image : array, (H, W, 3), uint8
            At `UM_PER_PX`.
        corners : int array, (n, 2)
            First pixels of views at the views' own scale, as in `ViewTable`.
        """
        found = _keypoints(image)
        if found is None:
            return np.zeros((len(corners), self.axes.shape[1]), np.float32)
        words = VisualWords(len(self.words))
        words.words_ = self.words
        bags = _bags(words.nearest(found[0]), found[1], corners, len(self.words))
        return np.asarray(bags @ self.axes, np.float32)

    def names(self) -> tuple[str, ...]:
        """Of the features."""
        return tuple(f"{FAMILY}.t{i}" for i in range(self.axes.shape[1]))

    def to_bytes(self) -> bytes:
        """All of it as an npz file without any code in it; words to three digits."""
        held = io.BytesIO()
        np.savez_compressed(held, words=self.words.astype(np.float16), axes=self.axes)
        return held.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "ViewTopics":
        """What `to_bytes` gave."""
        with np.load(io.BytesIO(content), allow_pickle=False) as held:
            return cls(held["words"].astype(np.float32), held["axes"])


def _keypoints(image):
    """Descriptors and places; None where nothing stands out."""
    try:
        return sift_keypoints(image, ALL)
    except NotFound:
        return None


def _grid(places):
    """Corners of views that cover all places, at the views' own scale."""
    last = (places.max(axis=0) * UM_PER_PX / VIEW_UM_PER_PX).astype(int)
    starts = [np.arange(0, max(n - SIDE, 0) + 1, STEP) for n in last]
    return np.array([(r, c) for r in starts[0] for c in starts[1]])


def _bags(words, places, corners, n_words):
    """Square roots of the shares of words in each view, sparse (n_views, n_words)."""
    from scipy.sparse import csr_array

    factor = VIEW_UM_PER_PX / UM_PER_PX
    rows, columns, values = [], [], []
    for number, corner in enumerate(np.asarray(corners) * factor):
        inside = ((places >= corner) & (places < corner + SIDE * factor)).all(axis=1)
        present, count = np.unique(words[inside], return_counts=True)
        rows.append(np.full(len(present), number))
        columns.append(present)
        values.append(np.sqrt(count / max(count.sum(), 1)))
    held = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
    return csr_array(held, shape=(len(corners), n_words), dtype=np.float32)


def _leading(bags, n_topics, seed):
    """Right singular vectors (n_words, n_topics) of all bags, fewer where there are fewer bags."""
    from scipy.sparse import vstack
    from sklearn.utils.extmath import randomized_svd

    every = vstack(bags, format="csr")
    n_topics = min(n_topics, *every.shape)
    _, _, axes = randomized_svd(every, n_topics, random_state=seed)
    return np.ascontiguousarray(axes.T, np.float32)
