"""
The stress in an inflated tube, three ways
==========================================

A thick tube of exponential, incompressible muscle holds 2 kPa of blood. Curved hexahedra whose
volume is kept element by element find where elastic forces and pressure balance, by Newton's
method; their stress is compared with the integral of the equilibrium across the wall. The third way
is that of images: radii are known before and after, and the pressure that the wall must hold
follows from its stretch.
"""

import matplotlib.pyplot as plt
import numpy as np

from corporis.deformables import (
    ElasticSolid,
    Guccione,
    cauchy_stress,
    inflate,
    radial_equilibrium,
    second_piola_stress,
    tube_sector,
)

INNER, OUTER, PRESSURE = 25.0, 35.0, 2.0
law = Guccione(c_kpa=10.0, b_f=1.0, b_t=1.0, b_fs=1.0)
body = tube_sector(INNER, OUTER, 4.0, n_cells=(3, 4, 1))
held = np.zeros(body.nodes.shape, dtype=bool)  # planes of symmetry, and the length
held[:, 2] = True
held[np.isclose(body.parameters[:, 1], 0), 1] = True
held[np.isclose(body.parameters[:, 1], np.pi / 2), 0] = True
solid = ElasticSolid(body, law, bulk_kpa=1e4, local_kpa=50.0)
inside = body.facets(lambda p: np.isclose(p[:, 0], INNER))
fit = inflate(solid, inside, PRESSURE, held, n_steps=4)
moved = solid.points(fit.q)
now = float(np.hypot(*moved[np.isclose(body.parameters[:, 0], INNER), :2].T).mean())
print(
    f"inner radius {INNER} to {now:.2f} mm in {fit.count} steps, "
    f"volumes kept to {fit.volume_change:.0e}"
)

# %%
# Circumferential stress of the elements, at their quadrature points.

places = body.places.reshape(-1, 3)
around = np.stack([-places[:, 1], places[:, 0], 0 * places[:, 0]], axis=-1)
around /= np.linalg.norm(around, axis=1, keepdims=True)
found = np.einsum("ni,nij,nj->n", around, solid.stress(fit.q).reshape(-1, 3, 3), around)

# %%
# From radii alone: stretch, the law, and the pressure that balances it in every layer.

before = np.linspace(INNER, OUTER, 15)
radius = np.sqrt(before**2 - INNER**2 + now**2)
F = np.zeros((15, 3, 3))
F[:, 0, 0], F[:, 1, 1], F[:, 2, 2] = before / radius, radius / before, 1
extra = cauchy_stress(second_piola_stress(law, F, np.broadcast_to(np.eye(3), F.shape)), F)
stress, holds = radial_equilibrium(radius, extra)
print(f"the wall holds {holds:.3f} kPa")

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
axes.plot(np.hypot(places[:, 0], places[:, 1]), found, ".", label="elements")
axes.plot(before, stress[:, 1, 1], label="equilibrium")
axes.set(xlabel="radius at rest in mm", ylabel="circumferential stress in kPa")
axes.legend()

expected = np.interp(np.hypot(places[:, 0], places[:, 1]), before, stress[:, 1, 1])
assert abs(holds / PRESSURE - 1) < 0.005
assert np.abs(found - expected).max() < 0.02 * np.abs(expected).max()
