"""What do visual words see? The same vote with what could mislead it taken away, or alone."""

import io
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from corporis.apps.histopathology.words import VisualWords, sift_keypoints
from corporis.learning import PosteriorHashing, pack
from corporis.learning.hamming import distances

from . import regions, words

N_WORDS, N_EQUAL = 500, 200
DEPTH_PX = 8
"""From a gland's outline, so that a descriptor sees the one side of it more than the other."""
QUALITY, BLUR_PX = 50, 1.0
BINS = 20
N_SHUFFLES = 10
"""Of labels, for the controls that know nothing."""


def jobs(train: Path, test: Path):
    """One piece of work, as descriptors are the same for all controls."""
    split = words.splits(train, test)
    return [] if split is None else [(controls, split)]


def controls(known, splits):
    """Share of regions that the vote calls right, by control."""
    rng = np.random.default_rng(0)
    held = [sift_keypoints(region.image) for region in known]
    labels = np.array([region.label for region in known])
    asked = np.sort(np.concatenate([queries for _, queries in splits]))
    every = [descriptors for descriptors, _ in held]

    def drawn(depths):
        """As many descriptors of every region, of those so deep."""
        chosen = []
        for (descriptors, places), region in zip(held, known):
            kept = np.flatnonzero(depths(_depth(region.glands, places)))
            kept = kept if len(kept) else np.arange(len(descriptors))  # a region without glands
            chosen.append(descriptors[rng.permutation(kept)[:N_EQUAL]])
        return chosen

    disturbed = [sift_keypoints(_disturbed(region.image))[0] for region in known]
    bags = {
        "all": (every, None),
        "equal_number": (drawn(lambda depth: depth > -np.inf), None),
        "in_glands": (drawn(lambda depth: depth > DEPTH_PX), None),
        "outside_glands": (drawn(lambda depth: depth < -DEPTH_PX), None),
        "disturbed": (every, disturbed),
    }
    found = {name: _right(_bags(*sets, splits), labels, splits) for name, sets in bags.items()}
    facts = np.array([_facts(r.image, len(d)) for r, d in zip(known, every)])
    found["no_picture"] = _right(_standardised(facts, splits), labels, splits)
    row = {name: float(right.mean()) for name, right in found.items()}
    row |= shuffled(every, labels, [region.patient for region in known], splits)
    low, high = regions.patient_interval(found["all"], [known[i].patient for i in asked])
    row |= {"all_low": low, "all_high": high}
    return [("word_controls", {"n": len(known), "n_words": N_WORDS, **row})]


def shuffled(descriptors, labels, patients, splits) -> dict:
    """Share of right votes where labels mean nothing, mean of `N_SHUFFLES`.

    Shuffled between images, and between patients: each patient's images then draw their labels
    from those of another, so that they stay as alike among themselves as they were.
    """
    rng, patients = np.random.default_rng(1), np.asarray(patients)
    bags, names = list(_bags(descriptors, None, splits)), np.unique(patients)
    found = {"random_labels": [], "random_labels_by_patient": []}
    for _ in range(N_SHUFFLES):
        given = dict(zip(names, rng.permutation(names)))
        by_patient = np.array([rng.choice(labels[patients == given[p]]) for p in patients])
        for name, drawn in zip(found, (rng.permutation(labels), by_patient)):
            is_possible = all(len(np.unique(drawn[known])) > 1 for known, _ in splits)
            if is_possible:
                found[name].append(_right(bags, drawn, splits).mean())
    return {name: float(np.mean(shares)) for name, shares in found.items() if shares}


def _depth(glands, places):
    """How far inside a gland places lie; negative outside, pixels."""
    inside = glands > 0
    signed = ndimage.distance_transform_edt(inside) - ndimage.distance_transform_edt(~inside)
    rows, columns = np.rint(places).astype(int).T
    return signed[np.minimum(rows, len(signed) - 1), np.minimum(columns, signed.shape[1] - 1)]


def _disturbed(image):
    """Mirrored, out of focus, and compressed again: what a file does to a picture."""
    blurred = ndimage.gaussian_filter(image[:, ::-1].astype(float), (BLUR_PX, BLUR_PX, 0))
    file = io.BytesIO()
    Image.fromarray(np.rint(blurred).astype(np.uint8)).save(file, "JPEG", quality=QUALITY)
    return np.asarray(Image.open(file))


def _facts(image, n_descriptors):
    """Of the file and the stain, not of what it shows: size, number, colour, power spectrum."""
    grey = image.mean(axis=2)
    power = np.abs(np.fft.fft2((grey - grey.mean()) * np.outer(*map(np.hanning, grey.shape)))) ** 2
    frequency = np.hypot(*np.meshgrid(*map(np.fft.fftfreq, grey.shape), indexing="ij"))
    place = np.minimum((2 * BINS * frequency).astype(int), BINS - 1).ravel()
    spectrum = np.log(np.bincount(place, power.ravel(), BINS) / np.bincount(place, minlength=BINS))
    colour = image.reshape(-1, 3).mean(axis=0)
    return np.concatenate([grey.shape, [n_descriptors], colour, spectrum - spectrum.mean()])


def _bags(index, asked, splits):
    """For each split bags of all regions, and of those asked about where they differ."""
    for known, _ in splits:
        vocabulary = VisualWords(N_WORDS).fit([index[i] for i in known])
        bags = vocabulary.transform(index).astype(float)
        yield bags, bags if asked is None else vocabulary.transform(asked).astype(float)


def _standardised(facts, splits):
    for known, _ in splits:
        scaled = (facts - facts[known].mean(axis=0)) / (facts[known].std(axis=0) + 1e-9)
        yield scaled, scaled


def _right(bags, labels, splits):
    """Whether the vote of the nearest codes is right, for every region that is asked about."""
    right = np.full(len(labels), np.nan)
    for (index, asked), (known, queries) in zip(bags, splits):
        hashing = PosteriorHashing(words.N_BITS, random_state=0).fit(index[known], labels[known])
        codes = [pack(hashing.transform(x)) for x in (asked[queries], index[known])]
        nearest = np.argsort(distances(*codes), axis=1, kind="stable")[:, : words.N_NEIGHBOURS]
        same = labels[queries][:, None] == labels[known][nearest]
        right[queries] = same.mean(axis=1) > 0.5
    return right[np.isfinite(right)]


def figures(rows) -> dict:
    """Every control by its name."""
    mine = [row for kind, row in rows if kind == "word_controls"]
    if not mine:
        return {}
    names = {name: value for name, value in mine[0].items() if name not in ("n", "n_words")}
    return {f"glas_words_control_{name}": value for name, value in names.items()}
