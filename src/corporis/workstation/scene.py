"""How surfaces are seen: colours, opacity and the first point of view."""

from dataclasses import dataclass

import numpy as np

from corporis.workstation.panel import check


@dataclass(frozen=True)
class Colouring:
    """How values on the vertices of a surface become colours.

    Parameters
    ----------
    field : str
        Name in `Mesh.point_data`; surfaces that have it are coloured by it.
    label, unit : str
        Words of the legend.
    low, high : float or None
        Ends of the colour scale; None takes the 2nd and 98th percentile.
    colour_map : str
        Name of a Matplotlib colour map.
    """

    field: str
    label: str
    unit: str
    low: float | None = None
    high: float | None = None
    colour_map: str = "viridis"


@dataclass(frozen=True)
class Look:
    """Plain colour (``#rrggbb``) and opacity (0 to 1) of a surface."""

    colour: str
    opacity: float = 1.0

    def __post_init__(self):
        digits = self.colour[1:]
        check(
            self.colour[:1] == "#"
            and len(digits) == 6
            and set(digits.lower()) <= set("0123456789abcdef"),
            f"colour must be #rrggbb, got {self.colour!r}",
        )
        check(0 < self.opacity <= 1, f"opacity must be in (0, 1], got {self.opacity}")


@dataclass(frozen=True)
class Camera:
    """From where surfaces are first seen; directions in the coordinates of the surfaces.

    The default looks at the patient's front (RAS+: y to the front, z to the head), as a
    radiologist does. `is_anatomical` says that x, y, z are the patient's right-left,
    back-front and foot-head axes, so that letters may name them.
    """

    towards_viewer: tuple[float, float, float] = (0.0, 1.0, 0.0)
    up: tuple[float, float, float] = (0.0, 0.0, 1.0)
    is_anatomical: bool = True

    def __post_init__(self):
        check(
            bool(np.linalg.norm(np.cross(self.up, self.towards_viewer)) > 1e-6),
            "up and towards_viewer must not be parallel",
        )

    @property
    def rotation(self) -> np.ndarray:
        """Rows: right, up and towards the viewer, (3, 3).

        Examples
        --------
        >>> Camera().rotation[0].tolist()   # the patient's left is on the right of the screen
        [-1.0, 0.0, 0.0]
        """
        front = np.asarray(self.towards_viewer, dtype=float)
        right = np.cross(np.asarray(self.up, dtype=float), front)
        rows = np.stack([right, np.cross(front, right), front])
        return rows / np.linalg.norm(rows, axis=1, keepdims=True) + 0.0
