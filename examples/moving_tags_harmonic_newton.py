"""
Harmonic phase, and where it lands on the wrong tag
===================================================

One peak of a tagged image's spectrum, cut out, is a complex image whose angle, the harmonic phase,
rides on the muscle: ``phi(x) = k . X``. Two families of tags give a material point two phases, and
Newton's method finds where they are in the next frame. Its prior is that a point moves by less than
half a tag between frames; where it does not, the neighbouring tag looks just the same. The slopes
of the phases, ``F^-T k``, are the strain, without any tracking.
"""

import matplotlib.pyplot as plt
import numpy as np

from corporis.apps.heart_motion import BandPass, HarmonicTracking, find_tags
from corporis.deformables import green_strain, in_axes, polar_axes
from corporis.phantoms import TaggedWall

wall = TaggedWall(n_frames=11)
middle = (wall.side - 1) / 2
rest = wall.grid()[wall.wall()]
rest = rest[np.abs(np.hypot(*rest.T) - 30) < 2.5]  # the middle of the wall
pixels = rest / wall.pixel_mm + middle


def tracked(film):
    """Places in mm and F of the middle of the wall, and errors in tag spacings."""
    images = film.images(snr=25.0, seed=1)
    places, gradients = HarmonicTracking()(images, find_tags(images[0]), pixels)
    truth = np.stack([film.forward(rest, t) for t in film.times_ms])
    error = np.linalg.norm((places - middle) * film.pixel_mm - truth, axis=-1)
    return places, gradients, error / film.spacing_mm


# %%
# Slow films are followed; in fast ones, parts of the wall slip by a whole tag.

places, gradients, slow = tracked(wall)
fast = {step: tracked(wall.at_step(step * wall.spacing_mm))[2] for step in (0.4, 0.65)}
slipped = {step: float(np.mean(error[1:] > 0.5)) for step, error in fast.items()}
print("slipped by a tag", {step: round(share, 3) for step, share in slipped.items()})

# %%
# Circumferential strain at the end of contraction, against the truth.

axes = polar_axes(rest, np.zeros(2))
around = in_axes(green_strain(gradients[-1]), axes)[:, 1, 1]
expected = wall.strain(rest, wall.times_ms[-1])[:, 1, 1]
print(f"circumferential strain {around.mean():.3f}, truth {expected.mean():.3f}")

image = wall.images(snr=25.0, seed=1)[-1]
phase = np.angle(BandPass()(image[None], find_tags(image).wave_vectors[:1])[0, 0])
figure, panels = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
panels[0].imshow(image, cmap="gray")
panels[0].plot(*places[-1].T[::-1], ".", color="#f1c40f", markersize=3)
panels[1].imshow(phase, cmap="twilight")
panels[1].set_title("harmonic phase")
for panel in panels:
    panel.set_axis_off()

assert np.median(slow[1:]) < 0.05 and slipped[0.4] < 0.02 < slipped[0.65]
assert abs(around.mean() - expected.mean()) < 0.02
