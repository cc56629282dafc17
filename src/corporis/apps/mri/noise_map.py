"""Where undersampling amplifies noise: the g-factor of a coil array and a sampling pattern."""

import numpy as np

from corporis.apps.mri.encoding import Encoding
from corporis.solvers import conjugate_gradient, run


def noise_map(encoding: Encoding, n_replicas: int = 24, *, seed: int = 0) -> np.ndarray:
    """Noise of the least-squares image, in units of the noise of one whitened sample.

    Noise alone is reconstructed again and again, and its spread measured. With all samples it is
    1 inside the body.

    Parameters
    ----------
    encoding : Encoding
        With one set of maps, or one coil.
    n_replicas : int
        >= 2; the map scatters by ``1 / sqrt(2 n_replicas)``.
    seed : int

    Returns
    -------
    array, (rows, columns)

    Raises
    ------
    ValueError
        If ``n_replicas < 2`` or there are two sets of maps.

    References
    ----------
    Robson, Grant, Madhuranthakam, Lattanzi, Sodickson & McKenzie (2008), Magn. Reson. Med. 60,
    895-907, doi:10.1002/mrm.21728 (pseudo multiple replicas)
    """
    if n_replicas < 2:
        raise ValueError(f"n_replicas must be >= 2, got {n_replicas}")
    if encoding.n_sets > 1:
        raise ValueError("noise maps are for one set of coil maps, got two")
    rng, A, power = np.random.default_rng(seed), encoding.operator, 0.0
    for _ in range(n_replicas):
        noise = rng.standard_normal((2, *A.codomain)) / np.sqrt(2)
        samples = (encoding.mask * (noise[0] + 1j * noise[1])).astype(np.complex64)
        rhs = A.adjoint(samples)
        # coils and mask may leave directions that nothing measured: a short run leaves them at 0
        iterates = conjugate_gradient(A.normal, rhs, np.zeros_like(rhs))
        power = power + np.abs(run(iterates, at_most=60, tolerance=1e-3).x) ** 2
    return np.sqrt(power / n_replicas)


def g_factor(encoding: Encoding, n_replicas: int = 24, *, seed: int = 0) -> np.ndarray:
    """Noise beyond what fewer samples cost anyway: >= 1 inside the body for regular patterns.

    Parameters
    ----------
    encoding, n_replicas, seed
        As in `noise_map`.

    References
    ----------
    Pruessmann, Weiger, Scheidegger & Boesiger (1999), Magn. Reson. Med. 42, 952-962
    """
    share = float(np.mean(encoding.mask))
    return noise_map(encoding, n_replicas, seed=seed) * np.sqrt(share)
