"""Radiographs turned as a radiologist looks at them: head up, the patient's left on the right."""

from dataclasses import dataclass

import numpy as np

from corporis.apps.organs.grey import single_precision
from corporis.apps.organs.square import Square
from corporis.errors import BadInput
from corporis.imaging.image import Image
from corporis.interfaces import Case

LEAST_SIDE = 64
SQUARE_PIXEL = 0.01
"""Share by which a pixel's height and width may differ and count as equal."""
FRONTAL = 0.5
"""Cosine of the angle to left and right, which one axis of a frontal radiograph exceeds."""
WIDTHS_CM = (10.0, 80.0)
"""Between these a chest's width lies, whoever's it is; beyond them the pixel spacing is wrong."""
TURNED = "turned as its orientation says: head up, the patient's left on the right"


@dataclass(frozen=True)
class Frontal:
    """How the pixels of a radiograph lie as it was given, and how they come to stand upright.

    Parameters
    ----------
    shape : (int, int, int)
        Slices, rows and columns as they were given, one of them 1.
    axes : (int, int)
        Which of these runs down or up, and which to the patient's left or right.
    is_reversed : (bool, bool)
        Whether they run up, and to the right.
    pixel : (float, float)
        Height and width of a pixel in the image's unit, upright.
    is_mm : bool
        Whether this unit is mm.
    plane : {"", "axial", "coronal", "sagittal"}
        The patient's plane nearest to it; empty where the file does not say.

    Examples
    --------
    >>> down_and_right = np.array([[0, 0, 1, 0], [1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1.0]])
    >>> facts = {"is_oriented": True}
    >>> mirrored = Image(np.array([[1, 2], [3, 4]]), ("row", "column"), down_and_right, facts=facts)
    >>> Frontal.of(mirrored)(mirrored.data[None]).tolist()
    [[2, 1], [4, 3]]
    """

    shape: tuple[int, int, int]
    axes: tuple[int, int]
    is_reversed: tuple[bool, bool]
    pixel: tuple[float, float]
    is_mm: bool
    plane: str = ""

    @classmethod
    def of(cls, image: Image) -> "Frontal":
        """For an image of one plane; as it was given where nothing says how its axes run.

        Raises
        ------
        ValueError
            If it has several planes or times.
        """
        n_slices, n_times, *sides = image.stack().shape
        shape = (n_slices, sides[0], sides[1])
        if n_times != 1 or 1 not in shape:
            raise ValueError(f"expected one plane, got {shape} at {n_times} times")
        thin = shape.index(1)
        down, across = (axis for axis in range(3) if axis != thin)
        flips, plane = (False, False), ""
        # who laid a plane through a volume's rows or columns meant the axes of the patient
        if image.facts.get("is_oriented", False) or thin != 0:
            along = image.affine[:3, :3] / np.linalg.norm(image.affine[:3, :3], axis=0)
            if abs(along[0, down]) > abs(along[0, across]):
                down, across = across, down
            _, front, up = along[:, down]
            plane = "coronal" if abs(up) >= abs(front) else "axial"
            # of a plane that is called axial, rows run to the back as they would to the feet
            flips = (bool((up if plane == "coronal" else front) > 0), bool(along[0, across] > 0))
            plane = plane if abs(along[0, across]) > FRONTAL else "sagittal"
        pixel = (image.spacing[down], image.spacing[across])
        return cls(shape, (down, across), flips, pixel, image.length_unit == "mm", plane)

    def __call__(self, volume: np.ndarray) -> np.ndarray:
        """Upright pixels (rows, columns) of a volume (slices, rows, columns); a view."""
        return volume.transpose(self._order)[self._flips][0]

    def back(self, masks: np.ndarray) -> np.ndarray:
        """Upright masks (..., rows, columns) as they lay before, (..., slices, rows, columns)."""
        masks = np.asarray(masks)[..., None, :, :][(..., *self._flips)]
        order = [masks.ndim - 3 + int(axis) for axis in np.argsort(self._order)]
        return np.ascontiguousarray(masks.transpose(*range(masks.ndim - 3), *order))

    def drawn(self, mask: Image) -> np.ndarray:
        """Upright pixels (rows, columns) of a mask that was drawn on this radiograph.

        A mask is turned as its own file says. Where that says nothing, or calls the plane axial
        as programs do that do not know how it lies, its pixels lie as those of the radiograph.
        """
        own = Frontal.of(mask)
        pixels = own(mask.stack()[:, 0])
        is_placed = own.plane in ("coronal", "sagittal") or own.plane == self.plane
        return pixels if is_placed or 0 in self.axes else self(pixels[None])

    def square(self, shape: tuple[int, int], side: int) -> Square:
        """How an upright image or its outlines, of any fineness, lie on the network's square."""
        height, width = self.pixel
        own = [self.shape[axis] for axis in self.axes]
        # outlines may be drawn on finer pixels than the image has
        height, width = height * own[0] / shape[0], width * own[1] / shape[1]
        is_square = abs(height - width) < SQUARE_PIXEL * (height + width) / 2
        return Square(shape, side, (1.0, 1.0) if is_square else (height, width))

    @property
    def pixel_mm(self) -> tuple[float, float] | None:
        """Height and width of a pixel in mm, upright; None where they are not known."""
        return self.pixel if self.is_mm else None

    @property
    def is_turned(self) -> bool:
        """Whether upright pixels lie otherwise than those given."""
        return self.axes[0] > self.axes[1] or any(self.is_reversed)

    def image_like(self, image: Image, mask: np.ndarray) -> Image:
        """An upright mask (rows, columns) as labels on the pixels of the image as it was given."""
        data = self.back(np.asarray(mask).astype(np.uint8))
        return Image(data, ("slice", "row", "column"), image.affine, image.length_unit, "label")

    def notes(self, masks: np.ndarray) -> list[str]:
        """What is to be said of turn and size; `masks` are upright, both lungs first."""
        said = [TURNED] if self.is_turned else []
        columns = np.flatnonzero(np.any(masks[0] | masks[1], axis=0))
        if self.is_mm and len(columns):
            width_cm = float(np.ptp(columns) + 1) * self.pixel[1] / 10
            if not WIDTHS_CM[0] <= width_cm <= WIDTHS_CM[1]:
                said.append(
                    f"the chest is {width_cm:.3g} cm wide by the spacing of the pixels, which "
                    "cannot be right: check it, areas rest on it"
                )
        return said

    @property
    def _order(self):
        thin = 3 - sum(self.axes)
        return (thin, *self.axes)

    @property
    def _flips(self):
        return (slice(None), *(slice(None, None, -1 if flip else 1) for flip in self.is_reversed))


def single_plane(case: Case) -> tuple[Image, np.ndarray]:
    """The one image of a case, and its pixels (rows, columns) upright.

    Raises
    ------
    BadInput
        If there are several images or planes, it is a lateral view, it has no contrast, or grey
        values beyond single precision.
    """
    images = [image for image in case.images.values() if isinstance(image, Image)]
    shapes = [image.stack().shape for image in images]
    if len(images) != 1 or shapes[0][1] != 1 or 1 not in (shapes[0][0], *shapes[0][2:]):
        raise BadInput(
            f"{case.name}: expected one radiograph, got {len(images)} images of shapes {shapes}: "
            "give a single file"
        )
    frontal = Frontal.of(images[0])
    if frontal.plane == "sagittal":
        raise BadInput(
            f"{case.name}: expected a frontal radiograph, got a lateral one by its orientation: "
            "give the frontal view, or correct the orientation in the file"
        )
    grey = single_precision(images[0].stack()[:, 0], case.name)
    pixels = np.ascontiguousarray(frontal(grey))
    if min(pixels.shape) < LEAST_SIDE or not np.ptp(pixels) > 0:
        raise BadInput(
            f"{case.name}: expected a radiograph of at least {LEAST_SIDE} x {LEAST_SIDE} pixels "
            f"with contrast, got {pixels.shape} with grey values {pixels.min():g} to "
            f"{pixels.max():g}"
        )
    return images[0], pixels
