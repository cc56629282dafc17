"""
Where tags cross, matched from frame to frame
=============================================

A bank of Gabor filters tells how far apart tags are at every pixel, how they run, and, between
pixels, where they cross. Which crossing is which in the next frame is not known: softassign lets
every pair be possible at first and cools down, with a smooth map (a thin plate) as the prior and a
bin for crossings that have no partner. What comes out are points tracked by a machine, some of them
wrong; a robust fit of a ring of muscle makes a motion of them.
"""

import matplotlib.pyplot as plt
import numpy as np

from corporis.apps.heart_motion import GaborBank, PointFit, find_tags, follow_crossings
from corporis.deformables import Annulus
from corporis.phantoms import TaggedWall

wall = TaggedWall(n_frames=5, frame_ms=90.0)
images = wall.images(snr=10.0, seed=2)
middle = (wall.side - 1) / 2
film = GaborBank()(images, find_tags(images[0]))
rest, displacement = follow_crossings(film, wall.wall(0.0))
places = (rest - middle) * wall.pixel_mm
truth = np.stack([wall.displacement(places, t) for t in wall.times_ms])
error = np.linalg.norm(displacement * wall.pixel_mm - truth, axis=-1)[1:]
print(
    f"{len(rest)} crossings, {np.isfinite(error).mean():.0%} found again, "
    f"median error {np.nanmedian(error):.2f} mm, worst {np.nanmax(error):.1f} mm"
)

# %%
# The ring takes them, and disbelieves what does not fit.

ring = Annulus(np.full(2, middle), wall.inner_mm / wall.pixel_mm, wall.outer_mm / wall.pixel_mm)
motion = PointFit(area_spread=0.05, noise_px=0.2)(rest, displacement, ring, wall.times_ms)
inside = wall.grid()[wall.wall()]
true = np.stack([wall.displacement(inside, t) for t in wall.times_ms])
found = motion.displacement(inside / wall.pixel_mm + middle) * wall.pixel_mm
rms = float(np.sqrt(np.mean(np.sum((found - true)[1:] ** 2, axis=-1))))
print(f"root mean square error of the whole wall {rms:.2f} mm")

figure, panels = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
last = film.crossings(len(images) - 1, wall.wall(wall.times_ms[-1]))
panels[0].imshow(images[-1], cmap="gray")
panels[0].plot(*last.places.T[::-1], "+", color="#f1c40f")
local = np.where(wall.wall(wall.times_ms[-1]), film.spacing_px()[-1, 0], np.nan)
figure.colorbar(panels[1].imshow(local, vmin=2.5, vmax=5.0), shrink=0.7)
panels[1].set_title("local distance of tags in pixels")
for panel in panels:
    panel.set_axis_off()

assert np.nanmedian(error) < 0.4
assert rms < 0.25
