"""Deformable models."""

import numpy as np

from corporis.deformables import (
    ActiveTension,
    Annulus,
    ElasticSolid,
    Guccione,
    LaplacianBody,
    LinearSolid,
    MeshlessBody,
    MovingLeastSquares,
    Observations,
    PlaneErrors,
    PlateSmoother,
    RadialSurface,
    SaintVenantKirchhoff,
    Sightings,
    SparseBody,
    SparseSurface,
    Stiffness,
    ThinPlate,
    Together,
    WallModes,
    brick,
)
from corporis.interfaces import Mesh
from corporis.laws import LawBroken, check_constitutive, check_convex_prox, check_deformable
from laws.enrolment import Enrolled

RNG = np.random.default_rng(14)


def annulus():
    """A ring off the origin: shifts along both axes and the turn in its plane cost nothing."""
    model = Annulus(np.array([3.0, -2.0]), 20.0, 30.0, n_waves=3, degree=2, stiffness=2.0)
    q = RNG.standard_normal(model.shape)

    def law():
        rest = np.zeros(model.shape)
        if check_deformable(model, q, np.random.default_rng(1), rest=rest) != 3:
            raise LawBroken("a ring in a plane makes three rigid motions")

    return Enrolled(model, (law,))


def radial():
    """A tapering tube about a bent centre line, stiffer along its axis."""
    model = RadialSurface(
        heights=np.linspace(0, 60, 5),
        centres=RNG.standard_normal((5, 2)),
        n_angles=8,
        apex=np.array([0.0, 0.0, 75.0]),
        stiffness=(2.0, 0.5),
    )
    q = RNG.uniform(300, 500, model.shape)
    return Enrolled(model, (lambda: check_deformable(model, q, np.random.default_rng(1)),))


def block():
    """A jittered block of particles that carries enough points to fix them all."""
    z, y, x = np.mgrid[:3, :4, :4]
    rest = np.stack([z.ravel(), y.ravel(), x.ravel()], axis=-1) * 5.0
    rest += np.random.default_rng(8).uniform(-0.8, 0.8, rest.shape)
    return rest, Mesh(
        np.random.default_rng(9).uniform(0, [10, 15, 15], (400, 3)), np.array([[0, 1, 2]])
    )


def meshless_body():
    """A block off the origin: all six rigid motions cost nothing."""
    rest, carried = block()
    model = MeshlessBody(carried, rest, n_neighbours=12)
    q = RNG.standard_normal(model.shape)

    def law():
        if check_deformable(model, q, np.random.default_rng(1), rest=np.zeros(model.shape)) != 6:
            raise LawBroken("a body in space makes six rigid motions")

    return Enrolled(model, (law,))


def laplacian_body(may_scale):
    """Six rigid motions are free, and a change of size where it may be."""
    rest, carried = block()
    model = LaplacianBody(carried, rest, n_neighbours=12, may_scale=may_scale)

    def law():
        q = np.random.default_rng(5).standard_normal(model.shape)
        free = check_deformable(model, q, np.random.default_rng(1), rest=np.zeros(model.shape))
        if free != 6:
            raise LawBroken("a body in space makes six rigid motions")
        energy, size = model.internal(), rest - rest.mean(axis=0)
        if (energy(size) < 1e-9 * energy(q)) != may_scale:
            raise LawBroken("a change of size must cost nothing if, and only if, it may be")

    return lambda: Enrolled(model, (law,))


def moving_least_squares():
    """Shape functions sum to 1, and repeat affine fields with their slopes."""
    rest, _ = block()
    cloud, matrix = MovingLeastSquares(rest, 12), RNG.standard_normal((3, 3))

    def law():
        at = np.random.default_rng(2).uniform(2, 8, (20, 3))
        if np.abs(cloud.values(at) @ np.ones(len(rest)) - 1).max() > 1e-12:
            raise LawBroken("shape functions must sum to 1")
        if np.abs(cloud.values(at) @ (rest @ matrix.T) - at @ matrix.T).max() > 1e-10:
            raise LawBroken("an affine field must be repeated")
        if np.abs(cloud.gradient(rest @ matrix.T, at) - matrix).max() > 1e-10:
            raise LawBroken("the slopes of an affine field must be exact")

    return Enrolled(cloud, (law,))


def sparse_body():
    """Six rigid motions are free, a rigid motion is met, and two fits agree bit for bit."""
    rest, carried = block()
    model = SparseBody(carried, rest, noise=0.1, n_neighbours=12)
    turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    seen = (rest @ turn.T + [1.0, 2.0, 3.0] - rest)[None].repeat(2, axis=0)
    seen[:, 7] += 6.0

    def law():
        q = np.random.default_rng(5).standard_normal(model.shape)
        free = check_deformable(model, q, np.random.default_rng(1), rest=np.zeros(model.shape))
        if free != 6:
            raise LawBroken("a body in space makes six rigid motions")
        before = seen.copy()
        first, second = (model.fit(Sightings(rest, seen)) for _ in range(2))
        off = np.delete(first.q[0] - seen[0], 7, axis=0)
        if np.abs(off).max() > 0.02:
            raise LawBroken(f"a quarter turn must cost nothing, it is missed by {off.max()}")
        if not (np.array_equal(first.q, second.q) and np.array_equal(before, seen)):
            raise LawBroken("two fits of the same observations differ")

    return Enrolled(model, (law,))


def plane_errors():
    """Three planes of unequal size, two times."""
    f = PlaneErrors(np.array([0, 0, 0, 1, 2, 2]), 0.4)

    def law():
        for scale in (0.3, 1.0, 20.0):
            x = scale * np.random.default_rng(2).standard_normal((6, 2))
            for step in (0.1, 1.5):
                check_convex_prox(f, x, step, np.random.default_rng(3))

    return Enrolled(f, (law,))


def sparse_surface():
    """The objective never rises, the input stays, and two fits agree bit for bit."""
    model = SparseSurface((5, 8), Stiffness(0.05, 0.05, 0.05))
    n_points, n_times = 30, 4
    value = 400 + 10 * RNG.standard_normal((n_points, n_times))
    value[3] = 4000
    seen = Observations(
        level=RNG.uniform(0, 4, n_points),
        angle=RNG.uniform(0, 8, n_points),
        value=value,
        spread=np.full((n_points, n_times), 10.0),
        plane=np.arange(n_points) // 6,
        ceiling=np.zeros((n_points, n_times), dtype=bool),
    )

    def law():
        before = value.copy()
        first, second = model.fit(seen), model.fit(seen)
        fall = np.diff(first.objective)
        if np.any(fall > 1e-6 * abs(first.objective[0])):
            raise LawBroken(f"the objective rises: {first.objective}")
        if not (np.array_equal(first.q, second.q) and np.array_equal(before, value)):
            raise LawBroken("two fits of the same observations differ")

    return Enrolled(model, (law,))


def thin_plate():
    """An affine field is met exactly, the input stays, and two fits agree bit for bit."""
    model = ThinPlate()
    rest = np.random.default_rng(5).uniform(-3, 3, (25, 2))
    seen = rest @ np.array([[0.3, -0.1], [0.2, 0.5]]) + [1.0, -2.0]
    seen[4] += 7.0

    def law():
        before, places = seen.copy(), rest + 0.1
        first, second = model.fit(rest, seen), model.fit(rest, seen)
        truth = places @ np.array([[0.3, -0.1], [0.2, 0.5]]) + [1.0, -2.0]
        if not np.allclose(first(places), truth, atol=1e-4):
            raise LawBroken("a thin plate bends where an affine field is enough")
        if not (np.array_equal(first(places), second(places)) and np.array_equal(before, seen)):
            raise LawBroken("two fits of the same observations differ")

    return Enrolled(model, (law,))


def plate_smoother():
    """What it gives at the points is what the fit of the same stiffness gives there."""
    rest = np.random.default_rng(5).uniform(-3, 3, (25, 2))
    seen = np.random.default_rng(6).standard_normal((25, 2))
    smoother = PlateSmoother(rest)

    def law():
        fit = ThinPlate(stiffness=(0.3,), believed=None).fit(rest, seen)
        if np.abs(smoother(seen, np.ones(25), 0.3) - fit(rest)).max() > 1e-9:
            raise LawBroken("two ways to the same thin plate differ")
        affine = rest @ np.array([[0.3, -0.1], [0.2, 0.5]])
        if np.abs(smoother(affine, np.linspace(0.1, 1, 25), 50.0) - affine).max() > 1e-9:
            raise LawBroken("affine fields cost nothing")

    return Enrolled(smoother, (law,))


def wall_modes():
    """A tapering, oval wall; its prices hold it in space, but for shifts."""
    heights, angle = np.linspace(0, 60, 6), 2 * np.pi * np.arange(12) / 12
    inner = (25 - 0.2 * heights)[:, None] * (1 + 0.05 * np.cos(2 * angle))
    model = WallModes(heights, inner, inner + 9, degree=1, n_waves=2, degree_along=2)
    q = RNG.standard_normal(model.shape)

    def law():
        check_deformable(model, q, np.random.default_rng(1))
        shift = np.zeros(model.shape)
        shift[0] = [1.0, -2.0, 3.0]
        if np.abs(model.points(shift) - model.material - shift[0]).max() > 1e-12:
            raise LawBroken("the first mode must be a shift")
        if model.internal()(shift) != 0:
            raise LawBroken("a shift must cost nothing")

    return Enrolled(model, (law,))


def finite_elements(kind):
    """A bent block of hexahedra off the origin: all six rigid motions cost nothing."""
    line = np.linspace(0, 8, 3)
    body = brick((line, line, line[:2]), lambda p: p + 0.3 * np.sin(p[:, ::-1] / 2) + 5.0)
    if kind is LinearSolid:
        model = LinearSolid(body, 8.0, 3.0)
    else:
        turns = np.linalg.qr(np.random.default_rng(3).standard_normal((*body.weights.shape, 3, 3)))
        model = ElasticSolid(body, Guccione(), bulk_kpa=80.0, local_kpa=5.0, axes=turns[0])
    q = 0.1 * np.random.default_rng(4).standard_normal(model.shape)

    def law():
        if check_deformable(model, q, np.random.default_rng(1), rest=np.zeros(model.shape)) != 6:
            raise LawBroken("a body in space makes six rigid motions")

    return lambda: Enrolled(model, (law,))


def constitutive(law):
    """Enrols a constitutive law at rest, and where strains are large."""
    strains = np.random.default_rng(6).standard_normal((6, 3, 3))
    strains = 0.12 * (strains + np.swapaxes(strains, 1, 2))
    strains[0] = 0

    def check():
        check_constitutive(law, strains, np.random.default_rng(7))
        check_constitutive(law, 12 * strains, np.random.default_rng(8))

    return lambda: Enrolled(law, (check,))


INSTANCES = {
    "Annulus": [annulus],
    "MeshlessBody": [meshless_body],
    "ActiveTension": [constitutive(ActiveTension(60.0))],
    "Guccione": [constitutive(Guccione()), constitutive(Guccione(10.0, 1.0, 1.0, 1.0))],
    "ElasticSolid": [finite_elements(ElasticSolid)],
    "LaplacianBody": [laplacian_body(True), laplacian_body(False)],
    "LinearSolid": [finite_elements(LinearSolid)],
    "MovingLeastSquares": [moving_least_squares],
    "PlaneErrors": [plane_errors],
    "PlateSmoother": [plate_smoother],
    "RadialSurface": [radial],
    "SaintVenantKirchhoff": [constitutive(SaintVenantKirchhoff(7.0, 3.0))],
    "SparseBody": [sparse_body],
    "SparseSurface": [sparse_surface],
    "ThinPlate": [thin_plate],
    "Together": [constitutive(Together((Guccione(), ActiveTension(60.0))))],
    "WallModes": [wall_modes],
}

EXEMPT = {
    "BodyFit": "a value that SparseBody.fit returns",
    "FacePoints": "a value that Hexahedra.on_facets returns",
    "FollowingPressure": "its slope is held to its force in deformables/test_inflation.py",
    "Hexahedra": "volumes, areas and slopes are held in deformables/test_hexahedra.py",
    "Inflation": "a value that inflate returns",
    "ConstitutiveLaw": "a protocol, for which check_constitutive stands",
    "Observations": "a value, validated at birth",
    "PlateFit": "a value that ThinPlate.fit returns",
    "Registration": "finds known displacements in deformables/test_registration.py",
    "RepulsiveContours": "the law of a circle holds it in deformables/test_active_contours.py",
    "Sightings": "a value, validated at birth",
    "Stiffness": "a value, validated at birth",
    "SolidEnergy": "what ElasticSolid.internal gives, held to its law there",
    "SurfaceFit": "a value that SparseSurface.fit returns",
}
