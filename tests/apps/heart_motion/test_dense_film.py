"""DENSE phases in, strain out: on the virtual ring with wraps and noise, and on real files."""

from dataclasses import replace

import numpy as np
import pytest

from corporis.apps.heart_motion import Given, HeartMotion, Sectors
from corporis.apps.heart_motion.dense_film import dense_planes, follow_dense
from corporis.deformables import Annulus
from corporis.errors import BadInput
from corporis.imaging import Image, read
from corporis.interfaces import Case
from corporis.phantoms import TaggedWall, dense_images

WALL = TaggedWall(n_frames=3, frame_ms=150.0, side=36, pixel_mm=2.5)
CYCLES_PER_MM = 0.12
AXES = ("time", "row", "column")


def images_of(images, pixel_mm):
    """As a scanner stores them: a magnitude and two phases of 12 bits."""
    affine = np.diag([8.0, pixel_mm, pixel_mm, 1.0])
    films = {"magnitude": np.abs(images).mean(axis=1)}
    for k, axis in enumerate(("row", "column")):
        turns = np.angle(images[:, k]) / (2 * np.pi) + 0.5
        films[axis] = np.round(4096 * turns)
    return {
        name: Image(film, AXES, affine, "mm", "", WALL.times_ms, None,
                    {"contrast": "dense", "dense_axis": name, "cycles_per_mm": CYCLES_PER_MM})
        for name, film in films.items()
    }  # fmt: skip


@pytest.fixture(scope="module")
def stored():
    return images_of(dense_images(WALL, CYCLES_PER_MM, 10.0, 1), WALL.pixel_mm)


@pytest.mark.parametrize("is_given", [True, False])
def test_strain_of_the_ring_through_wrapped_phases(stored, is_given):
    middle = (WALL.side - 1) / 2
    ring = Annulus(np.full(2, middle), 25 / WALL.pixel_mm, 35 / WALL.pixel_mm)
    (plane,) = dense_planes(stored)
    found = follow_dense(plane, Sectors("mid"), ring if is_given else None)
    places = found.wall.places
    rest = (places - middle) * WALL.pixel_mm
    inside = np.abs(np.hypot(*rest.T) - 30) < 4
    truth = np.stack([WALL.displacement(rest[inside], t) for t in WALL.times_ms])
    wrong = found.motion.displacement(places[inside]) * WALL.pixel_mm - truth
    assert 2 * np.pi * CYCLES_PER_MM * np.abs(truth).max() > np.pi, "there is something to unwrap"
    assert np.sqrt(np.mean(np.sum(wrong**2, axis=-1))) < 0.2
    true = np.stack([WALL.strain(rest[inside], t) for t in WALL.times_ms])[..., 1, 1].mean(axis=1)
    mean = 100 * (np.sqrt(1 + 2 * true) - 1)
    assert found.whole.strain["circumferential"][-1] == pytest.approx(mean[-1], abs=1.5)
    assert found.shows.startswith("DENSE")
    assert found.images.shape == (3, 36, 36) and found.pixel_mm == (2.5, 2.5)


def test_a_published_phantom_contracts_and_relaxes(data_dir):
    """Its radii say what the strain must be: the middle of the bright ring narrows by an eighth."""
    case = read(data_dir / "cardiac" / "dense_phantom_dicom")
    images = {
        k: replace(v, data=v.data[::4], times_ms=None)
        for k, v in case.images.items()
        if v.facts["dense_axis"] != "through"
    }
    report = HeartMotion(Given(levels=["mid"], frame_ms=120.0))(Case("a", images))
    film = report.facts["motion"].films[0]
    strength = film.images
    radius = []
    for image in strength:
        bright = np.argwhere(image > 0.5 * np.percentile(image, 95)).astype(float)
        radius.append(np.hypot(*(bright - bright.mean(axis=0)).T).mean())
    shrunk = 100 * (np.array(radius) / radius[0] - 1)
    strain = film.whole.strain["circumferential"]
    assert strain.min() == pytest.approx(shrunk.min(), abs=2.5)
    assert strain.min() < -10 and abs(strain[-1]) < 6
    assert film.whole.strain["radial"].max() > 15
    assert any("unwrapped" in text for text in report.methods)


def test_what_is_missing_is_said(stored):
    few = {k: v for k, v in stored.items() if k != "column"}
    with pytest.raises(BadInput, match="none of column"):
        HeartMotion()(Case("a", few))
    dark = {**stored, "magnitude": stored["magnitude"].with_data(np.ones((3, 36, 36)))}
    with pytest.raises(BadInput, match="--wall"):
        HeartMotion()(Case("a", dark))
    beyond = {**stored, "row": stored["row"].with_data(stored["row"].data + 5000)}
    with pytest.raises(BadInput, match="0 to 4096"):
        HeartMotion()(Case("a", beyond))
