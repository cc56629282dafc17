"""
Planes of different breath-holds, put back on one wall
======================================================

Every plane of a tagged study is measured in a breath-hold of its own, and the heart lies some
millimetres elsewhere in each. All first images show one wall: between its shells muscle is bright
and tagged, beside it is little signal. `RestFit` makes these images from the two shells, a slip a
plane and the tags of each plane, and Newton's method finds the slips, the wall and the tags for
which they are those that were measured. Nothing is given but images, wrong places, and where the
wall begins and ends.
"""

import matplotlib.pyplot as plt
import numpy as np

from corporis.apps.heart_motion import RestFit, TaggedFilm
from corporis.phantoms import VirtualHeart, long_axis, short_axis

heart = VirtualHeart(length_mm=70.0)
random = np.random.default_rng(5)
planes = [short_axis(float(z)) for z in np.linspace(0.08, 0.85, 5) * heart.length_mm]
planes += [long_axis(0.4 + k * np.pi / 3, 35.0) for k in range(3)]

# %%
# The first image of every plane, and where the plane says that it lies.

slips = np.stack([2.5 * random.standard_normal(2) @ p.steps / 1.5 for p in planes])
films = [
    TaggedFilm(plane.images(heart, np.zeros(1), 10.0, k), plane.origin - slip, plane.steps)
    for k, (plane, slip) in enumerate(zip(planes, slips))
]
found = RestFit()(films, span_mm=(0.0, 0.97 * heart.length_mm))

# %%
# The slips that were found against the true ones.

far = np.linalg.norm(slips, axis=1)
off = np.linalg.norm(found.slips_mm - slips, axis=1)
print(f"planes lie {far.mean():.1f} mm off; slips are found to {off.mean():.2f} mm")

# %%
# The wall on a long-axis plane: where the plane says, and where it was put.

worst = 5 + int(np.argmax(far[5:]))
film = films[worst]
figure, panels = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
for panel, origin, title in (
    (panels[0], film.origin, "as it says"),
    (panels[1], found.films[worst].origin, "put right"),
):
    panel.imshow(film.images[0], cmap="gray")
    z = np.linspace(2.0, 60.0, 60)
    across = film.steps[0] / np.linalg.norm(film.steps[0])
    for side in (0.0, np.pi):
        angle = np.arctan2(across[1], across[0]) + side
        for shell in found.wall.shells:
            radius = shell.ev(z, np.full_like(z, np.mod(angle, 2 * np.pi)))
            wall = np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=-1)
            pixels = (wall - origin) @ np.linalg.pinv(film.steps)
            panel.plot(pixels[:, 1], pixels[:, 0], color="#f1c40f")
    panel.set_title(title)
    panel.set_axis_off()

assert far.mean() > 2.5
assert off.mean() < 0.3
