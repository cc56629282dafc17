"""The 17 segments of the left ventricle as clinics number them."""

import numpy as np


def aha_segment(angle_rad, level) -> np.ndarray:
    """Segment number, 1 to 17, of places in the left ventricle's wall.

    Parameters
    ----------
    angle_rad : array
        Angle about the long axis from the anterior insertion of the right ventricle, growing
        towards the septum (seen from the apex: anticlockwise). The septum takes 0 to 2 pi / 3.
    level : array
        0 at the base, 1 at the tip of the cavity. Thirds of the first 95 % are basal, middle and
        apical; what lies beyond is segment 17, above the base the basal ones go on. Broadcast
        against `angle_rad`.

    Returns
    -------
    int array
        Basal 1 anterior, 2 anteroseptal, 3 inferoseptal, 4 inferior, 5 inferolateral, 6
        anterolateral; middle 7 to 12 in the same order; apical 13 anterior, 14 septal, 15
        inferior, 16 lateral; 17 the apex.

    References
    ----------
    Cerqueira et al. (2002), Circulation 105, 539-542, doi:10.1161/hc0402.102975

    Examples
    --------
    >>> aha_segment(np.deg2rad([30, 90, 150, 300]), 0.1).tolist()
    [2, 3, 4, 1]
    >>> aha_segment(0.0, [0.5, 0.8, 0.99]).tolist()
    [8, 13, 17]
    """
    angle, level = np.broadcast_arrays(np.mod(angle_rad, 2 * np.pi), level)
    sixth = np.minimum((angle / (np.pi / 3)).astype(int), 5)
    # From the anterior insertion: anteroseptal, inferoseptal, inferior, inferolateral,
    # anterolateral, anterior.
    order = np.array([2, 3, 4, 5, 6, 1])[sixth]
    # Apical quarters are centred on the septum's middle, at 60 degrees.
    quarter = np.minimum((np.mod(angle - np.pi / 12, 2 * np.pi) / (np.pi / 2)).astype(int), 3)
    apical = np.array([14, 15, 16, 13])[quarter]
    third = np.clip((np.asarray(level) / 0.95 * 3).astype(int), 0, 2)
    out = np.where(third == 0, order, np.where(third == 1, order + 6, apical))
    return np.where(np.asarray(level) > 0.95, 17, out)
