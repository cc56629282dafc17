"""A procedural torso as computed tomography shows it, round real livers and kidneys.

Everything else in it (fat, muscle, bones, lungs, vessels, bowel) is drawn at random from simple
forms: what surrounds the organs has the grey values and the places of the real thing, and no more.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from corporis.phantoms.torso_frame import LABELS, Canvas, Frame, OrganField, Phase
from corporis.phantoms.torso_parts import (
    draw_abdomen,
    draw_bones,
    draw_chest,
    draw_outside,
    draw_pelvis,
    draw_vessels,
    draw_wall,
)

ORGANS = LABELS[1:]
"""By label, 1 to 5; 0 is everything else. Sides are the patient's."""
PHASES = (
    Phase("native", (55, 12), (32, 4), (32, 4), (48, 5), (42, 5), (42, 5)),
    Phase("arterial", (75, 12), (190, 30), (90, 20), (115, 25), (290, 60), (80, 25)),
    Phase("portal", (110, 18), (185, 25), (175, 25), (120, 15), (150, 20), (145, 20)),
    Phase("late", (90, 15), (145, 20), (150, 20), (100, 12), (110, 12), (110, 12)),
)
LONGEST = 10  # steps of 8 mm by which a liver is lifted off the kidneys
LEAST_GAP = 0.02  # of the kidneys, that a liver may share with them


@dataclass(frozen=True, eq=False)
class KidneyPair:
    """Both kidneys of one patient as they lie to each other.

    Parameters
    ----------
    field : OrganField
        Of both, tumours included; its middle lies between them.
    tumour : bool array, as the field's values
        What of them is tumour.
    """

    field: OrganField
    tumour: np.ndarray

    @property
    def tumour_field(self) -> OrganField:
        """-1 in tumours, 1 elsewhere."""
        values = np.where(self.tumour, np.float32(-1), np.float32(1))
        return replace(self.field, values=values)


@dataclass(frozen=True, eq=False)
class TorsoScan:
    """A rendered volume; axes run up, forward and to the right.

    Parameters
    ----------
    hounsfield : array, (a, b, c), int16
    label : array, (a, b, c), uint8
        0, or 1 to 5 for `ORGANS`.
    """

    hounsfield: np.ndarray
    label: np.ndarray


def render_torso(
    liver: OrganField,
    kidneys: KidneyPair,
    random: np.random.Generator,
    shape: tuple[int, int, int] = (80, 72, 104),
    step_mm: float = 4.0,
) -> TorsoScan:
    """A random torso round one patient's liver and another's kidneys.

    The section of the body that the volume shows, the phase of contrast, fatness, table and arms,
    the field of view and noise are drawn too.

    Parameters
    ----------
    liver : OrganField
    kidneys : KidneyPair
    random : numpy.random.Generator
    shape : (int, int, int)
        Voxels up, forward and to the right.
    step_mm : float
        Side of a voxel, > 0.

    Raises
    ------
    ValueError
        If `step_mm` is not > 0.
    """
    if not step_mm > 0:
        raise ValueError(f"step_mm must be > 0, got {step_mm}")
    phase = PHASES[random.choice(len(PHASES), p=(0.25, 0.2, 0.4, 0.15))]
    frame = Frame.drawn(random, shape, step_mm)
    pair = _placed(kidneys.field, frame, random, centre=(0.0, frame.kidney_y, 0.0))
    inner, place = _liver_beside(liver, pair, frame, random)
    frame = frame.around(liver.extent(place.scale), place.centre)
    canvas = Canvas.empty(frame, random, phase)
    draw_wall(canvas)
    draw_bones(canvas)
    draw_vessels(canvas)
    draw_chest(canvas, inner)
    _paint_organs(canvas, inner, pair, kidneys)
    draw_abdomen(canvas, inner, pair.values)
    draw_pelvis(canvas)
    draw_outside(canvas)
    return TorsoScan(_scanned(canvas.hounsfield, random), canvas.label)


@dataclass(frozen=True, eq=False)
class _Place:
    centre: tuple[float, float, float]
    turn: np.ndarray
    scale: float
    values: np.ndarray


def _placed(field, frame, random, centre) -> _Place:
    """A field's distances on the frame, turned a little, sized and put somewhere."""
    turn, scale = _turn(random.normal(0, 0.06, 3)), float(np.exp(random.normal(0, 0.06)))
    return _Place(centre, turn, scale, field.at(frame, centre, turn, scale))


def _turn(angle):
    return Rotation.from_rotvec(angle).as_matrix()


def _liver_beside(liver, pair, frame, random):
    """The liver's distances, above and in front of the right kidney, apart from it."""
    inside = np.argwhere(pair.values < 0)
    z, y, x = frame.z.ravel(), frame.y.ravel(), frame.x.ravel()
    places = np.stack([z[inside[:, 0]], y[inside[:, 1]], x[inside[:, 2]]])
    turn, scale = _turn(random.normal(0, 0.06, 3)), float(np.exp(random.normal(0, 0.06)))
    centre = np.array([55.0, 5.0, 70.0]) + random.normal(0, 1, 3) * [8.0, 8.0, 15.0]
    for _ in range(LONGEST):
        shared = np.count_nonzero(liver.read(places, centre, turn, scale) < 0)
        if shared <= LEAST_GAP * max(len(inside), 1):
            break
        centre += [8.0, 3.0, 0.0]
    values = liver.at(frame, tuple(centre), turn, scale)
    return values, _Place(tuple(centre), turn, scale, values)


def _paint_organs(canvas, inner, pair, kidneys):
    """Liver and kidneys with their texture, vessels, lesions and medulla."""
    random, phase = canvas.random, canvas.phase
    is_liver = (inner < 0) & (pair.values > 0)
    value = random.normal(*phase.liver) - (random.random() < 0.2) * random.uniform(0, 50)
    texture = 6 * canvas.noise(2.0)
    canvas.paint(is_liver, value + texture, "liver")
    if phase.name != "native":
        ridges = np.abs(canvas.noise(4.0)) < 0.07
        canvas.paint(is_liver & ridges & (inner < -6), random.normal(*phase.vein), "liver")
    for _ in range(random.integers(0, 4) if random.random() < 0.35 else 0):
        lesion = is_liver & canvas.ball(canvas.any_of(is_liver), random.uniform(6, 25))
        canvas.paint(lesion, random.choice([5.0, 35.0, 70.0]) + texture, "liver")
    cortex = random.normal(*phase.cortex) + 5 * canvas.noise(1.5)
    is_left = canvas.frame.x < 0
    is_tumour = kidneys.tumour_field.at(canvas.frame, pair.centre, pair.turn, pair.scale) < 0
    for side, name in ((is_left, "left kidney"), (~is_left, "right kidney")):
        kidney = (pair.values < 0) & side
        canvas.paint(kidney, cortex, name)
        medulla = kidney & (pair.values < -random.uniform(5, 8))
        canvas.paint(medulla, random.normal(*phase.medulla), name)
        canvas.paint(kidney & is_tumour, random.uniform(20, 110) + 2 * texture, name)


def _scanned(hounsfield, random):
    """Partial volumes and noise that is alike in neighbouring voxels, as int16."""
    blurred = ndimage.gaussian_filter(hounsfield, random.uniform(0.3, 0.6))
    noise = ndimage.gaussian_filter(
        random.standard_normal(hounsfield.shape, dtype=np.float32), random.uniform(0.4, 0.9)
    )
    noise *= random.uniform(4, 30) / noise.std()
    return np.clip(blurred + noise, -1024, 3000).astype(np.int16)
