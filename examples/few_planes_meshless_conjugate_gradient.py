"""
A body of particles between few planes
======================================

A thick tube twists and narrows; what is seen of it lies on four planes, with noise. A meshless
body needs no elements: particles fill the wall, each place moves as the affine map that its
neighbours agree on, and neighbours are counted through the wall, not across the cavity. With
``points(q)`` the places of what was seen, the sentence is ``minimise |points(q) - seen|^2 / (2 s^2)
+ internal(q)`` with the elastic energy of small strains; conjugate gradients solve it.
"""

import matplotlib.pyplot as plt
import numpy as np

from corporis.deformables import MeshlessBody
from corporis.interfaces import Mesh
from corporis.solvers import conjugate_gradient, run

random = np.random.default_rng(4)
NOISE_MM, SOFT = 0.2, 0.1


def tube(layers, n_angles, heights):
    """Points of a thick tube, in mm."""
    angle = 2 * np.pi * np.arange(n_angles) / n_angles
    r, a, z = np.stack(np.meshgrid(layers, angle, heights, indexing="ij"), -1).reshape(-1, 3).T
    return np.stack([r * np.cos(a), r * np.sin(a), z], axis=-1)


def moved(rest):
    """Incompressible: 1.5 mm narrower inside, twisted by 0.05 degrees a mm."""
    r, a = np.hypot(rest[:, 0], rest[:, 1]), np.arctan2(rest[:, 1], rest[:, 0])
    now = np.sqrt(r**2 - 25.0**2 + 23.5**2)
    turn = a + np.deg2rad(0.05) * (rest[:, 2] - 20)
    return np.stack([now * np.cos(turn), now * np.sin(turn), rest[:, 2]], axis=-1)


# %%
# Particles, and what was seen of them.

particles = tube(np.array([25.0, 30.0, 35.0]), 30, np.linspace(0, 40, 9))
planes = tube(np.array([26.0, 30.0, 34.0]), 40, np.array([4.0, 14.0, 26.0, 36.0]))
seen = moved(planes) + NOISE_MM * random.standard_normal(planes.shape)
body = MeshlessBody(Mesh(planes, np.array([[0, 1, 2]])), particles, lame=1.0, shear=1.0)
elastic, carry = body.internal(), body.tangent(np.zeros(body.shape))

# %%
# Both parts are quadratic, so that one linear system is the minimum.

weight = 1 / NOISE_MM**2
system = conjugate_gradient(
    lambda q: weight * carry.normal(q) + SOFT * elastic.gradient(q),
    weight * (carry.H @ (seen - planes)),
    np.zeros(body.shape),
)
result = run(system, at_most=500, tolerance=1e-6)
between = tube(np.array([27.0, 33.0]), 24, np.array([9.0, 20.0, 31.0]))  # where nothing was seen
found = between + body.cloud.values(between) @ result.x
error = np.linalg.norm(found - moved(between), axis=1)
still = np.linalg.norm(between - moved(between), axis=1)
print(
    f"{result.count} iterations; between the planes {np.sqrt(np.mean(error**2)):.2f} mm off, "
    f"of a motion of {np.sqrt(np.mean(still**2)):.2f} mm"
)

figure = plt.figure(figsize=(6, 5), layout="constrained")
axes = figure.add_subplot(projection="3d")
axes.scatter(*(particles + result.x).T, s=6, c=np.linalg.norm(result.x, axis=1))
axes.scatter(*seen.T, s=3, color="#c0392b")
axes.set(xlabel="x in mm", ylabel="y in mm", zlabel="z in mm")

assert result.reason == "tolerance"
assert np.sqrt(np.mean(error**2)) < 0.5 * NOISE_MM * np.sqrt(3)
