"""Nuclei that glow: shown dark on white alike all over a slide, and parted where narrow."""

import numpy as np
import pytest
from PIL import Image

from apps.nuclei.painted import discs
from corporis.apps.nuclei import fluorescence
from corporis.apps.nuclei.evidence import as_bright_field
from corporis.apps.nuclei.fluorescence import GlowingNuclei, developed
from corporis.imaging.slide import Slide
from corporis.shapes import instance_overlap


def glowing(labels, faint=0.35, seed=0):
    """Light of nuclei of different brightness on a dark, noisy ground."""
    rng = np.random.default_rng(seed)
    light = np.concatenate([[0.0], rng.uniform(faint, 1.0, labels.max())])[labels]
    return np.uint8(np.clip(12 + 180 * light + rng.normal(0, 4, labels.shape), 0, 255))


@pytest.mark.parametrize("radius", [8.0, 12.0, 20.0])
def test_nuclei_of_any_size_are_parted_where_they_touch(radius):
    step = 4 * radius
    firsts = [(r, c) for r in (step, 2.5 * step) for c in (step, 2.5 * step)]
    seconds = [(r, c + 1.75 * radius) for r, c in firsts]
    side = int(3.8 * step)
    labels = discs(firsts + seconds, [radius] * 8, (side, side))
    found = GlowingNuclei()(as_bright_field(glowing(labels, faint=0.5)))
    table = instance_overlap(labels, found)
    assert found.max() == 8 and table.f1() == 1.0 and table.dice() > 0.93


def test_darkness_holds_nothing():
    rng = np.random.default_rng(0)
    assert not GlowingNuclei()(np.uint8(245 + rng.integers(-2, 3, (90, 80)))).any()


def test_a_slide_is_developed_alike_everywhere(tmp_path, monkeypatch):
    labels = discs([(60, 60), (60, 300), (300, 330)], [12.0, 12.0, 12.0], (384, 384))
    image = glowing(labels)
    image[200:] //= 2  # faint nuclei in one part stay faint
    colours = np.stack([image // 9, image // 5, image], axis=-1)
    Image.fromarray(colours).save(tmp_path / "a.png")
    slide = Slide.open(tmp_path / "a.png")
    seen = developed(slide).read(0, 0, 384, 384)
    np.testing.assert_array_equal(seen[..., 0], as_bright_field(colours))
    np.testing.assert_array_equal(seen[..., 0], seen[..., 2])
    monkeypatch.setattr(fluorescence, "WINDOW", 64)
    np.testing.assert_array_equal(developed(slide).read(100, 30, 90, 80), seen[100:190, 30:110])
    monkeypatch.setattr(fluorescence, "N_WINDOWS", 9)
    few = developed(slide).read(0, 0, 384, 384).astype(int)
    assert np.abs(few - seen).mean() < 25


def test_an_empty_slide_stays_white(tmp_path):
    rng = np.random.default_rng(1)
    Image.fromarray(np.uint8(rng.integers(3, 6, (200, 200)))).save(tmp_path / "a.png")
    assert developed(Slide.open(tmp_path / "a.png")).read(0, 0, 200, 200).min() > 170
