"""Orthogonal matching pursuit of many signals at once."""

import numpy as np


def batch_pursuit(
    atoms: np.ndarray,
    signals: np.ndarray,
    n_nonzero: int,
    *,
    tolerance: float = 0.0,
) -> np.ndarray:
    r"""Sparse codes of many signals in one dictionary: ``signals ~ codes @ atoms``.

    All signals take their next atom together; products of atoms with atoms and with signals are
    computed once, so that no residual is ever formed.

    Parameters
    ----------
    atoms : array, (n_atoms, n_features)
        Of length 1, real or complex.
    signals : array, (n_signals, n_features)
    n_nonzero : int
        Atoms a signal may use, 1 to n_atoms.
    tolerance : float
        A signal is done when its residual is at most this long.

    Returns
    -------
    array, (n_signals, n_atoms)

    Raises
    ------
    ValueError
        If shapes differ, an atom does not have length 1, or `n_nonzero` is out of range.

    References
    ----------
    Rubinstein, Zibulevsky & Elad (2008), Technion CS-2008-08 (batch orthogonal matching pursuit)

    Examples
    --------
    >>> atoms = np.array([[1.0, 0.0], [0.6, 0.8]])
    >>> batch_pursuit(atoms, np.array([[2.0, 0.0], [3.0, 4.0]]), 1).round(6).tolist()
    [[2.0, 0.0], [0.0, 5.0]]
    """
    n_atoms = len(atoms)
    if np.ndim(atoms) != 2 or np.ndim(signals) != 2 or atoms.shape[1] != signals.shape[1]:
        raise ValueError(
            f"atoms and signals must have rows of one length, got {np.shape(atoms)} and "
            f"{np.shape(signals)}"
        )
    if not 1 <= n_nonzero <= n_atoms:
        raise ValueError(f"n_nonzero must be 1 to {n_atoms}, got {n_nonzero}")
    if not np.allclose(np.linalg.norm(atoms, axis=1), 1, atol=1e-3):
        raise ValueError("atoms must have length 1")
    gram = atoms.conj() @ atoms.T
    first = signals @ atoms.conj().T
    energy = np.sum(np.abs(signals) ** 2, axis=1)
    codes = np.zeros(first.shape, np.result_type(atoms, signals))
    chosen = np.zeros((len(signals), 0), int)
    match, active = first, np.flatnonzero(energy > tolerance**2)
    for _ in range(n_nonzero):
        if not len(active):
            break
        strength = np.abs(match[active])
        np.put_along_axis(strength, chosen[active], -1.0, axis=1)
        grown = np.full((len(signals), chosen.shape[1] + 1), -1)
        grown[:, :-1] = chosen
        grown[active, -1] = np.argmax(strength, axis=1)
        chosen = grown
        weights = _fitted(gram, first[active], chosen[active])
        codes[active] = 0
        np.put_along_axis(part := codes[active], chosen[active], weights, axis=1)
        codes[active] = part
        match = first - codes @ gram.T
        # |s|^2 - <code, first>: what least squares leaves
        left = energy[active] - np.real(
            np.sum(weights.conj() * np.take_along_axis(first[active], chosen[active], 1), axis=1)
        )
        scale = np.finfo(energy.dtype).eps * 100 * energy[active]
        active = active[left > np.maximum(tolerance**2, scale)]
    return codes


def _fitted(gram, first, chosen):
    """Least-squares weights of the chosen atoms, one small system a signal."""
    systems = gram[chosen[:, :, None], chosen[:, None, :]]
    tiny = 1e-12 * np.eye(chosen.shape[1])
    right = np.take_along_axis(first, chosen, axis=1)
    return np.linalg.solve(systems + tiny, right[..., None])[..., 0]
