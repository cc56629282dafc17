"""Stress where it is known: an inflated thick tube, and the published inflation of a ventricle.

The tube is incompressible, exponential and isotropic, and holds 2 kPa; its stress is an integral
that is evaluated adaptively, from the energy of stretch alone. The ventricle is problem 2 of Land
et al. (2015), doi:10.1098/rspa.2015.0641: half ellipsoids fixed at the base, 10 kPa inside. The
paper shows its solutions as figures and says that codes agree in 0.5 %; a number beside them is the
finest of the refinement study of a finite-volume code (solids4foam, idealisedVentricle): the middle
of the wall at the apex is at -27.32 mm.
"""

import time

import numpy as np
from scipy import integrate, optimize

from corporis.deformables import (
    ElasticSolid,
    Guccione,
    cauchy_stress,
    inflate,
    radial_equilibrium,
    second_piola_stress,
    tube_sector,
    ventricle_quarter,
)

INNER, OUTER, PRESSURE = 25.0, 35.0, 2.0
LAW = Guccione(10.0, 1.0, 1.0, 1.0)
N_LAYERS = 5
N_TUBE, N_VENTRICLE = (4, 8, 1), (2, 6, 2)


def row(seed):
    """Errors of stress, relative to the largest, and places of the inflated apex in mm."""
    growth, expected = _analytic()
    layers, pressure = _from_motion(growth, expected)
    begun = time.perf_counter()
    elements, tube = _from_elements(expected)
    apex, ventricle = _ventricle()
    return (
        "stress",
        {
            "stress_tube_error": max(layers, pressure),
            "stress_elements_error": elements,
            "inflated_apex_endo_mm": float(apex[0]),
            "inflated_apex_middle_mm": float(apex[len(apex) // 2]),
            "inflated_apex_epi_mm": float(apex[-1]),
            "stress_volume_change": max(tube.volume_change, ventricle.volume_change),
            "stress_seconds": time.perf_counter() - begun,
        },
    )


def _difference(R, growth):
    """``sigma_tt - sigma_rr = l dW/dl`` at reference radii, by a complex step."""
    stretch = np.sqrt(R**2 + growth) / R + 1e-30j
    around, across = 0.5 * (stretch**2 - 1), 0.5 * (stretch**-2 - 1)
    energy = 5.0 * (np.exp(around**2 + across**2) - 1)
    return stretch.real * energy.imag / 1e-30


def _held(R, growth):
    """Pressure that the wall outside a reference radius holds."""
    return integrate.quad(
        lambda x: _difference(x, growth) * x / (x**2 + growth), R, OUTER, epsabs=1e-12
    )[0]


def _analytic():
    """Growth of the squared radius, and the circumferential stress at reference radii."""
    growth = optimize.brentq(lambda c: _held(INNER, c) - PRESSURE, 0, 2000)
    return growth, lambda R: np.array([_difference(r, growth) - _held(r, growth) for r in R])


def _from_motion(growth, expected):
    """Errors of the stress on few layers and of the pressure, radii given."""
    before = np.linspace(INNER, OUTER, N_LAYERS)
    radius = np.sqrt(before**2 + growth)
    F = np.zeros((N_LAYERS, 3, 3))
    F[:, 0, 0], F[:, 1, 1], F[:, 2, 2] = before / radius, radius / before, 1
    extra = cauchy_stress(second_piola_stress(LAW, F, np.broadcast_to(np.eye(3), F.shape)), F)
    stress, held = radial_equilibrium(radius, extra)
    truth = expected(before)
    off = np.abs(stress[:, 1, 1] - truth).max() / np.abs(truth).max()
    return float(off), abs(held / PRESSURE - 1)


def _from_elements(expected):
    """The same for hexahedra under pressure, at all quadrature points."""
    body = tube_sector(INNER, OUTER, 4.0, N_TUBE)
    held = np.zeros(body.nodes.shape, dtype=bool)
    held[:, 2] = True
    held[np.isclose(body.parameters[:, 1], 0), 1] = True
    held[np.isclose(body.parameters[:, 1], np.pi / 2), 0] = True
    solid = ElasticSolid(body, LAW, bulk_kpa=1e5, local_kpa=50.0)
    inside = body.facets(lambda p: np.isclose(p[:, 0], INNER))
    fit = inflate(solid, inside, PRESSURE, held, n_steps=4)
    places = body.places.reshape(-1, 3)
    R = np.hypot(places[:, 0], places[:, 1])
    around = np.stack([-places[:, 1] / R, places[:, 0] / R, 0 * R], axis=-1)
    found = np.einsum("ni,nij,nj->n", around, solid.stress(fit.q).reshape(-1, 3, 3), around)
    radii, named = np.unique(R.round(9), return_inverse=True)
    truth = expected(radii)
    return float(np.abs(found - truth[named]).max() / np.abs(truth).max()), fit


def _ventricle():
    """Heights of the axis from endo- to epicardium after inflation, and the fit."""
    body = ventricle_quarter(N_VENTRICLE)
    held = np.abs(body.nodes) < 1e-9
    held[:, 2] = False
    far = body.parameters[:, :2].max(axis=1)
    held[np.isclose(far, 1)] = True
    solid = ElasticSolid(body, LAW, bulk_kpa=1e4, local_kpa=100.0)
    inside = body.facets(lambda p: np.isclose(p[:, 2], 0))
    fit = inflate(solid, inside, 10.0, held, n_steps=6)
    axis = np.flatnonzero(far < 1e-9)
    order = np.argsort(body.parameters[axis, 2])
    return solid.points(fit.q)[axis[order], 2], fit


def figures(rows) -> dict:
    """Under the names of the figures."""
    return {key: value for kind, r in rows if kind == "stress" for key, value in r.items()}
