"""Image planes of a heart study: which are short axis, which long axis, and where they lie.

Everything later works on a `ShortAxis`: a stack of parallel planes in the order base to apex is
*not* assumed; slices keep the order in which the images give them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from corporis.errors import BadInput
from corporis.imaging.image import Image

PARALLEL = np.cos(np.deg2rad(10.0))


@dataclass(frozen=True)
class ShortAxis:
    """Parallel short-axis cine planes.

    Parameters
    ----------
    frames : array, (n_slices, n_times, n_rows, n_columns)
        Intensities.
    affines : array, (n_slices, 4, 4)
        For each slice, (slice, row, column) index with slice = 0 to RAS+ position.
    phases : array, (n_slices, n_times)
        Time in the heart beat, 0 to 1, 0 at the R wave.
    heights : array, (n_slices,)
        Position along `normal`, in `length_unit`; increasing or decreasing, not mixed.
    cycle_ms : float or None
        Length of the beat where the images tell it.
    missing : bool array, (n_slices, n_times)
        Frames that were not acquired; their pixels hold a stand-in and carry no evidence.
    """

    frames: np.ndarray
    affines: np.ndarray
    phases: np.ndarray
    heights: np.ndarray
    normal: np.ndarray
    length_unit: str
    cycle_ms: float | None
    missing: np.ndarray
    names: tuple[str, ...]

    @property
    def pixel(self) -> tuple[float, float]:
        """Length of a row step and a column step."""
        first = self.affines[0]
        return float(np.linalg.norm(first[:3, 1])), float(np.linalg.norm(first[:3, 2]))

    @property
    def has_depth(self) -> bool:
        """Whether slices lie a known distance apart, in the length of the pixels."""
        return len(self.heights) > 1 and self.length_unit == "mm"

    @property
    def times_ms(self) -> np.ndarray | None:
        """Time of each frame after the R wave in ms, (n_times,); None where it is not known."""
        return None if self.cycle_ms is None else self.phases.mean(axis=0) * self.cycle_ms

    def world(self, slice_index: int, row, column) -> np.ndarray:
        """RAS+ positions of in-plane positions on one slice, (..., 3)."""
        affine = self.affines[slice_index]
        return (
            affine[:3, 3]
            + np.multiply.outer(row, affine[:3, 1])
            + np.multiply.outer(column, affine[:3, 2])
        )


@dataclass(frozen=True)
class LongAxis:
    """One long-axis cine plane: frames (n_times, n_rows, n_columns), its image and phases."""

    name: str
    frames: np.ndarray
    image: Image
    phases: np.ndarray


def choose_planes(
    images: Mapping[str, Image], series: str | None = None
) -> tuple[ShortAxis, tuple[LongAxis, ...]]:
    """Split the images of a case into one short-axis stack and the long-axis views.

    The largest family of parallel planes is the short axis (a lone plane counts as short axis).
    Where some images move, those that do not (localisers, masks) are left out.

    Parameters
    ----------
    images : mapping of str to Image
    series : str or None
        Name of the image that is the short axis, where the choice is not clear.

    Raises
    ------
    BadInput
        If there is no image, two families of planes or two stacks could be the short axis, or
        `series` names none.
    """
    usable = {name: im for name, im in images.items() if not name.startswith("expert")}
    if not usable:
        raise BadInput("expected at least one cine image, found none in the case")
    if series is not None:
        if series not in usable:
            raise BadInput(f"no series named {series!r}: the case has {', '.join(usable)}")
        usable = {series: usable[series]}
    moving = {name: im for name, im in usable.items() if im.size("time") > 1}
    usable = moving or usable
    families = _families(usable)
    sizes = [sum(usable[name].size("slice") for name in family) for family in families]
    best = int(np.argmax(sizes))
    chosen = families[best]
    _refuse_ambiguous(usable, families, sizes, best)
    stack = _short_axis({name: usable[name] for name in chosen})
    rest = [name for family in families for name in family if name not in chosen]
    views = [_long_axis(name, usable[name]) for name in rest if usable[name].size("slice") == 1]
    return stack, tuple(v for v in views if v.frames.shape[0] > 1 or stack.frames.shape[1] == 1)


def _families(images: Mapping[str, Image]) -> list[list[str]]:
    families: list[list[str]] = []
    for name, image in images.items():
        for family in families:
            if abs(images[family[0]].normal @ image.normal) > PARALLEL:
                family.append(name)
                break
        else:
            families.append([name])
    return families


def _refuse_ambiguous(images, families, sizes, best):
    rivals = [f for f, size in zip(families, sizes, strict=True) if size == sizes[best]]
    # A stack of another orientation with half as many slices may be another patient's.
    stacks = [
        name
        for family in families
        for name in family
        if images[name].size("slice") > (1 if family is families[best] else sizes[best] / 2)
    ]
    if len(stacks) > 1:
        raise BadInput(
            f"found {len(stacks)} stacks of slices ({_listed(images, stacks)}) where one was "
            "expected, and whether they are of one patient cannot be told: give the file or folder "
            f"of one patient, or name the stack to use, for example --series {stacks[0]}"
        )
    if len(rivals) > 1:
        names = _listed(images, [name for family in rivals for name in family])
        raise BadInput(
            f"cannot tell which of the series {names} is the short axis: name it with --series"
        )


def _listed(images, names) -> str:
    """Names, with their files where a name alone says little; at most six."""
    told = [
        f"{name} = {images[name].facts['file']}" if images[name].facts.get("file") else name
        for name in names[:6]
    ]
    return ", ".join([*told, f"{len(names) - 6} more"] if len(names) > 6 else told)


def _short_axis(images: Mapping[str, Image]) -> ShortAxis:
    names, frames, affines, phases, missing, cycles = [], [], [], [], [], []
    first = next(iter(images.values()))
    for name, image in images.items():
        stack = image.stack()
        if stack.shape[1:] != first.stack().shape[1:]:
            raise BadInput(
                f"series {name} has frames x rows x columns {stack.shape[1:]}, the other "
                f"short-axis slices have {first.stack().shape[1:]}: all must agree"
            )
        phase, cycle = _phases(image)
        cycles.append(cycle)
        absent = np.asarray(
            image.facts.get("missing", np.zeros(stack.shape[:2], dtype=bool)), dtype=bool
        )
        for index in range(stack.shape[0]):
            affine = image.affine.copy()
            affine[:3, 3] += index * affine[:3, 0]
            names.append(name if stack.shape[0] == 1 else f"{name}[{index}]")
            frames.append(stack[index])
            affines.append(affine)
            phases.append(phase[index])
            missing.append(absent[index])
    normal = first.normal
    heights = np.array([a[:3, 3] @ normal for a in affines])
    in_stack = np.array(["[" in name for name in names])
    order = _without_repeats(heights, in_stack)
    known = [c for c in cycles if c is not None]
    return ShortAxis(
        np.stack([frames[i] for i in order]).astype(np.float32, copy=False),
        np.stack([affines[i] for i in order]),
        np.stack([phases[i] for i in order]),
        heights[order],
        normal,
        first.length_unit,
        float(np.mean(known)) if known else None,
        np.stack([missing[i] for i in order]),
        tuple(names[i] for i in order),
    )


def _without_repeats(heights: np.ndarray, in_stack: np.ndarray) -> list[int]:
    """Slice indices by height; of slices scanned twice the one that is part of a stack counts."""
    order = sorted(range(len(heights)), key=lambda i: (heights[i], not in_stack[i]))
    gaps = np.diff(np.sort(heights))
    least = 0.2 * float(np.median(gaps[gaps > 1e-6])) if np.any(gaps > 1e-6) else 0.0
    kept: list[int] = []
    for i in order:
        if kept and heights[i] - heights[kept[-1]] <= least:
            if in_stack[i] and not in_stack[kept[-1]]:
                kept[-1] = i
            continue
        kept.append(i)
    return kept


def _long_axis(name: str, image: Image) -> LongAxis:
    phase, _ = _phases(image)
    return LongAxis(name, image.stack()[0].astype(np.float32, copy=False), image, phase[0])


def _phases(image: Image) -> tuple[np.ndarray, float | None]:
    """Phase (n_slices, n_times) in [0, 1) and the cycle length in ms, if known."""
    n_slices, n_times = image.size("slice"), image.size("time")
    uniform = np.broadcast_to(np.arange(n_times) / n_times, (n_slices, n_times))
    times = image.times_ms
    if times is None or n_times < 3:
        return uniform, None
    times = np.broadcast_to(np.asarray(times, dtype=float), (n_slices, n_times))
    step = np.diff(times, axis=1)
    if not np.all(np.isfinite(times)) or np.any(step <= 0):
        return uniform, None
    # One frame lasts one step, so the cycle ends one median step after the last frame.
    cycle = times[:, -1] - times[:, 0] + np.median(step, axis=1)
    return (times - times[:, :1]) / cycle[:, None], float(np.mean(cycle))


def resample_phase(values: np.ndarray, phases: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Cyclic linear interpolation along the first axis, from `phases` to `wanted` (both in [0, 1)).

    Examples
    --------
    >>> resample_phase(np.array([0.0, 1.0]), np.array([0.0, 0.5]), np.array([0.25, 0.75])).tolist()
    [0.5, 0.5]
    """
    n = len(phases)
    extended = np.concatenate([phases, [phases[0] + 1.0]])
    position = np.searchsorted(extended, np.mod(wanted - phases[0], 1.0) + phases[0], "right") - 1
    position = np.clip(position, 0, n - 1)
    fraction = (np.mod(wanted - phases[0], 1.0) + phases[0] - extended[position]) / (
        extended[position + 1] - extended[position]
    )
    shape = (-1,) + (1,) * (values.ndim - 1)
    fraction = fraction.reshape(shape).astype(values.dtype)
    after = values[(position + 1) % n]
    return (1 - fraction) * values[position] + fraction * after


def parallel_names(stack: ShortAxis) -> Sequence[str]:
    """Names of the series that make up the short axis."""
    return tuple(dict.fromkeys(name.split("[")[0] for name in stack.names))
