"""Outlining: evidence on planes, coupled by the deformable surface, as a body in space and time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from corporis.apps.heart_shape.base import with_base_of
from corporis.apps.heart_shape.body import (
    ANGLES,
    Grid,
    Rigidity,
    at_slices,
    fit_body,
    join,
    observe,
    restore_detail,
)
from corporis.apps.heart_shape.ends import (
    apex_direction,
    based_beside,
    find_ends,
    ring_coverage,
    without_far_side,
    without_vessels,
)
from corporis.apps.heart_shape.frame import HeartFrame
from corporis.apps.heart_shape.long_axis import long_axis_observations
from corporis.apps.heart_shape.planes import LongAxis, ShortAxis
from corporis.apps.heart_shape.polar import (
    CAVITY,
    MUSCLE,
    Boundary,
    convex_boundary,
    crescent,
    profiles,
    slice_centres,
)
from corporis.apps.heart_shape.prior import ShapePrior, trust_at_places
from corporis.apps.heart_shape.rebuild import Body, RightBody
from corporis.apps.heart_shape.right_rays import RightRays
from corporis.deformables import Observations
from corporis.errors import NotFound

RIGHT_SPREAD = 0.05  # error of the right ventricle's extent, as a share of its largest
WHOLE = 0.7  # share of a slice that shows the right ventricle, for its section to be believed
RIGHT_BEND = 40.0  # how much more than the left one it may bend around
# It empties more unevenly, along and in time, than the left one. On most rays it is not there, so
# that a smooth surface would take those few where it is for gross errors: they must be far off.
RIGHT_ALONG, RIGHT_TIME, RIGHT_GROSS = 4.0, 4.0, 4.0


@dataclass(frozen=True)
class Seen:
    """What the evidence says on each slice: boundaries of cavity and wall, the right ventricle."""

    cavity: Boundary
    outer: Boundary
    right_begin: np.ndarray
    right_extent: np.ndarray
    right_present: np.ndarray
    centres: np.ndarray
    towards_apex: int
    present: np.ndarray


@dataclass(frozen=True)
class Outline:
    """The body, and how far the evidence was overruled (n_slices, n_times)."""

    body: Body
    right: RightBody | None
    overruled: np.ndarray
    objective: tuple[float, ...]


def look(
    maps, missing: np.ndarray, frames: np.ndarray | None = None, *, all_present: bool = False
) -> Seen:
    """Read boundaries off the evidence maps.

    Parameters
    ----------
    maps : EvidenceMaps
    missing : bool array, (n_slices, n_times)
    frames : array, (n_slices, n_times, n_rows, n_columns), optional
        The images: with them the right cavity's border lies where blood ends.
    all_present : bool
        Every slice is known to show the ventricle (contoured sets): none is taken for absent.
    """
    centres = slice_centres(maps, missing)
    profile = profiles(maps, centres, n_angles=ANGLES)
    probability = profile.probability
    cavity = convex_boundary(probability[:, :, CAVITY], profile.radii)
    inside = probability[:, :, CAVITY] + probability[:, :, MUSCLE]
    outer = convex_boundary(inside, profile.radii)
    of_right = profile if maps.wide is None else profiles(maps.wide, centres, n_angles=ANGLES)
    beyond = np.maximum(outer.square, cavity.square)
    begin, extent = crescent(of_right, beyond)
    rays = None if frames is None else RightRays.of(of_right, frames, beyond)
    if rays is not None:
        begin, extent = beyond, rays.extent()
    if not cavity.is_seen.any():
        raise NotFound("no left ventricle was found in the short-axis images")
    area = np.where(cavity.is_seen, area_of(cavity), 0)
    largest = int(np.argmax(area.sum(axis=0)))
    towards_apex = apex_direction(area[:, largest], extent[:, largest].mean(axis=-1))
    if not all_present:
        taken = without_far_side(area[:, largest], towards_apex)
        cavity = replace(cavity, is_seen=cavity.is_seen & taken[:, None])
        here = cavity.is_seen & ~missing
        below = without_vessels(np.where(here, area_of(outer), 0), towards_apex)
        cavity = replace(cavity, is_seen=cavity.is_seen & below)
    wall = np.maximum(outer.square - cavity.square, 0)
    present = np.where(cavity.is_seen, ring_coverage(wall, cavity.square), 0.0)
    if all_present:
        present = np.ones_like(present)
    section = extent.mean(axis=-1)
    right = (
        _is_more_than_nothing(section).astype(float)
        if rays is None
        else rays.presence(extent, towards_apex)
    )
    return Seen(cavity, outer, begin, extent, right, centres, towards_apex, present)


def _is_more_than_nothing(area):
    """Where a section of the right ventricle is no mere noise beside the largest."""
    return area > 0.1 * area.max()


def area_of(boundary: Boundary) -> np.ndarray:
    """Area inside a boundary, (n_slices, n_times), pixel^2."""
    return np.pi * boundary.square.mean(axis=-1)


def outline(
    stack: ShortAxis,
    seen: Seen,
    rigidity: Rigidity,
    *,
    views: Sequence[LongAxis] = (),
    prior: ShapePrior | None = None,
) -> Outline:
    """Fit cavity, wall and right ventricle to what was seen.

    Parameters
    ----------
    stack : ShortAxis
    seen : Seen
    rigidity : Rigidity
    views : sequence of LongAxis
        Long-axis views, used where lengths are in mm.
    prior : ShapePrior or None
        Dictionary of hearts; used where there are at least three slices and two phases.
    """
    extra: list[Observations] = []
    found = _outline(stack, seen, rigidity, extra)
    if stack.length_unit == "mm" and views and stack.frames.shape[0] >= 3:
        phases = stack.phases.mean(axis=0)
        looks = [long_axis_observations(view, found.body, phases) for view in views]
        extra = [look for look in looks if look is not None]
        if extra:
            found = _outline(stack, seen, rigidity, extra)
    if prior is not None and stack.frames.shape[1] > 1 and stack.frames.shape[0] >= 3:
        expected = prior.expect(found.body, _trust(stack, seen, found))
        found = _outline(stack, seen, rigidity, extra, *expected.on(found.body))
    if extra:
        phases = stack.phases.mean(axis=0)
        found = replace(found, body=with_base_of(views, found.body, phases))
    if found.right is not None:
        ends = based_beside(found.right.ends, found.body.ends)
        found = replace(found, right=replace(found.right, ends=ends))
    return found


def _trust(stack, seen, found) -> np.ndarray:
    """Confidence in the outline at the places of the shape prior, (8, 12, 2)."""
    relative = seen.cavity.spread / np.maximum(2 * seen.cavity.square, 1.0)
    sharp = 1 / (1 + (relative / 0.15) ** 2).mean(axis=-1)
    is_given = ~stack.missing & seen.cavity.is_seen
    by_slice = np.where(is_given, sharp * (1 - found.overruled), 0.0)
    return trust_at_places(found.body, by_slice)


def _outline(stack, seen, rigidity, extra, prior=None, prior_spread=None) -> Outline:
    grid = Grid.of(stack.frames.shape[0])
    scale = float(np.mean(stack.pixel))
    trust = seen.cavity.square.mean(axis=(1, 2)) * seen.cavity.is_seen.mean(axis=1)
    frame = HeartFrame.of(stack, seen.centres, trust)
    beyond = _beyond_apex(seen.cavity.is_seen, seen.towards_apex)
    common = {"scale": scale, "missing": stack.missing}
    cavity_seen = observe(seen.cavity, grid, rigidity, beyond_apex=beyond, **common)
    sections = join([cavity_seen, *extra])
    cavity = fit_body(sections, grid, rigidity, prior=prior, prior_spread=prior_spread)
    cavity = restore_detail(cavity, sections, grid, rigidity)
    square = np.maximum(at_slices(cavity.q, grid), 0)
    wall = Boundary(
        np.maximum(seen.outer.square - np.moveaxis(square, 2, 1) / scale**2, 0),
        np.hypot(seen.outer.spread, 0.25 * seen.cavity.spread),
        seen.outer.is_seen & (seen.present > 0.3),
    )
    nothing = np.zeros_like(beyond)
    wall_fit = fit_body(
        observe(wall, grid, rigidity, beyond_apex=nothing, **common), grid, rigidity
    )
    thin = 0.02 * float(np.mean(square[square > 0])) if np.any(square > 0) else 0.0
    outer_q = np.maximum(cavity.q, 0) + np.maximum(wall_fit.q, thin)
    ends = find_ends(seen.present, cavity.q, grid, seen.towards_apex)
    # Where lengths along the axis are unknown, nobody can say how many slices a wall is thick.
    outer_ends = _outer_ends(ends, cavity.q, wall_fit.q, grid, frame) if stack.has_depth else ends
    body = Body(grid, frame, cavity.q, outer_q, ends, outer_ends)
    right = _right(stack, seen, grid, rigidity, body, scale)
    overruled = cavity.overruled[: stack.frames.shape[0]]
    return Outline(body, right, overruled, cavity.objective)


def _beyond_apex(is_seen: np.ndarray, towards_apex: int) -> np.ndarray:
    """Frames without a cavity that lie on the apex side of all that show one."""
    ordered = is_seen if towards_apex > 0 else is_seen[::-1]
    beyond = np.zeros_like(ordered)
    for time in range(ordered.shape[1]):
        strong = np.flatnonzero(ordered[:, time])
        if len(strong):
            beyond[strong[-1] + 1 :, time] = True
    return beyond if towards_apex > 0 else beyond[::-1]


def _outer_ends(ends, cavity_q, wall_q, grid, frame):
    """The outer surface ends a wall's thickness beyond the cavity; apical walls are thinner."""
    apex = np.empty_like(ends.apex)
    for time, tip in enumerate(ends.apex):
        level = int(
            np.clip(np.round(grid.level(tip - 0.8 * ends.towards_apex)), 0, grid.n_levels - 1)
        )
        inner = np.sqrt(max(float(cavity_q[level, :, time].mean()), 0))
        outer = np.sqrt(max(inner**2 + float(wall_q[level, :, time].mean()), 0))
        apex[time] = tip + ends.towards_apex * 0.7 * (outer - inner) / max(frame.gap, 1e-9)
    return replace(ends, apex=apex)


def _up_to_base(present: np.ndarray, area: np.ndarray, towards_apex: int) -> np.ndarray:
    """`present` (n_slices, n_times) as it falls to the base; up to the surest slice all is there.

    The surest slice is that whose `area` is large at all times.
    """
    ordered, size = (x[::-1] if towards_apex > 0 else x for x in (present, area))
    safe = int(np.argmax(size.min(axis=1)))
    falling = np.minimum.accumulate(ordered[safe:], axis=0)
    whole = np.concatenate([np.ones_like(ordered[:safe]), falling])
    return whole[::-1] if towards_apex > 0 else whole


def _right(stack, seen, grid, rigidity, body, scale):
    extent = seen.right_extent * scale**2
    area = np.pi * extent.mean(axis=-1)
    # A right ventricle is at least a sixth of the left one's section; less is a false alarm.
    if area.max() < np.pi * float(np.mean(at_slices(np.maximum(body.outer, 0), grid))) / 6:
        return None
    is_seen = _is_more_than_nothing(area)
    present = _up_to_base(seen.right_present, area, seen.towards_apex)
    is_seen &= present > WHOLE
    if not is_seen.any():
        return None
    # Below its apex there is none; above its base it ends abruptly, which says nothing about it.
    is_told = is_seen | _beyond_apex(is_seen, seen.towards_apex)
    nothing = np.zeros_like(is_seen)
    # Most rays miss the right ventricle, and those zeros must not outvote the few that cross it:
    # all rays are believed alike, and the surface may bend as a crescent does.
    spread = np.full_like(extent, RIGHT_SPREAD * float(seen.right_extent.max()) + 4.0)
    supple = replace(
        rigidity,
        around=RIGHT_BEND * rigidity.around,
        along=RIGHT_ALONG * rigidity.along,
        time=RIGHT_TIME * rigidity.time,
        lone=RIGHT_GROSS,
        plane=RIGHT_GROSS,
    )
    common = {"scale": scale, "missing": stack.missing, "beyond_apex": nothing}
    extent_fit = fit_body(
        observe(Boundary(seen.right_extent, spread, is_told), grid, supple, **common),
        grid,
        supple,
    )
    begin_seen = Boundary(seen.right_begin, spread, is_seen)
    begin_fit = fit_body(observe(begin_seen, grid, supple, **common), grid, rigidity)
    q = np.maximum(extent_fit.q, 0)
    ends = find_ends(present, q, grid, seen.towards_apex)
    begin = np.maximum(begin_fit.q, 0.9 * body.outer)
    return RightBody(begin, q, ends)
