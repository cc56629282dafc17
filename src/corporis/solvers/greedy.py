"""Greedy selection: one atom at a time, all weights refitted."""

from collections.abc import Iterator

import numpy as np

from corporis.arrays import check_shape, matched
from corporis.interfaces import Array, Iterate
from corporis.operators import Dictionary


def orthogonal_matching_pursuit(
    dictionary: Dictionary, data: Array, start: Iterate | None = None
) -> Iterator[Iterate]:
    r"""Sparse codes for ``D x ~ data``: iteration `k` uses `k` atoms. NumPy only.

    Each iteration takes the atom best correlated with what is still unexplained, and fits all
    chosen atoms anew by least squares. It ends by itself when the data are explained or the
    atoms are used up.

    Parameters
    ----------
    dictionary : Dictionary
        ``D``, without `columns`; atoms of any length, those of length zero are never taken.
    data : array, ``dictionary.codomain``
    start : Iterate or None
        An iterate of an earlier run to continue from, bit for bit.

    Yields
    ------
    Iterate
        `x` is the code, (n_atoms,); `change` is the relative residual ``||data - D x|| /
        ||data||``; `memory` the chosen atoms in order.

    Raises
    ------
    ValueError
        If the data have another shape than the atoms, or are all zero.

    References
    ----------
    Pati, Rezaiifar & Krishnaprasad (1993), Proc. 27th Asilomar Conf., 40-44,
    doi:10.1109/ACSSC.1993.342465; Tropp (2004), IEEE Trans. Inf. Theory 50, 2231-2242,
    doi:10.1109/TIT.2004.834793

    Examples
    --------
    >>> D = Dictionary(np.array([[1.0, 0.0, 1.0], [0.0, 2.0, 1.0]]))
    >>> first, second = orthogonal_matching_pursuit(D, np.array([3.0, 1.0]))
    >>> first.memory, second.memory, second.x.round(12).tolist()
    ((0,), (0, 1), [3.0, 0.5, 0.0])
    """
    check_shape(data, dictionary.codomain, "data")
    n_atoms = dictionary.atoms.shape[-1]
    atoms = matched(dictionary.atoms, data).reshape(-1, n_atoms)
    target = data.reshape(-1).astype(np.result_type(atoms, data))
    scale = np.linalg.norm(target)
    if scale == 0:
        raise ValueError("data must not be all zero: nothing is to be explained")
    lengths = np.linalg.norm(atoms, axis=0)
    chosen = () if start is None else start.memory
    count = 0 if start is None else start.count
    rounding = 10 * np.finfo(target.dtype).eps
    _, residual = _fit(atoms, target, chosen)
    while np.linalg.norm(residual) > rounding * scale and len(chosen) < n_atoms:
        match = np.abs(atoms.conj().T @ residual) / np.where(lengths > 0, lengths, np.inf)
        match[list(chosen)] = -1
        if match.max() <= rounding * scale:
            return
        chosen = (*chosen, int(np.argmax(match)))
        code, residual = _fit(atoms, target, chosen)
        count += 1
        yield Iterate(code, count, float(np.linalg.norm(residual) / scale), chosen)


def _fit(atoms, target, chosen):
    code = np.zeros(atoms.shape[1], dtype=target.dtype)
    if not chosen:
        return code, target
    picked = list(chosen)
    code[picked] = np.linalg.lstsq(atoms[:, picked], target, rcond=None)[0]
    return code, target - atoms[:, picked] @ code[picked]
