"""The right cavity along rays: a network says where it is, the images say where it ends.

The network of the wide windows finds the right cavity, but draws it too small, above all when it is
emptied to a thin crescent. What was right cavity at some time of the beat and shines like blood now
is right cavity now, as far as blood reaches from the left wall without a break. Bright organs that
keep still, and the fat around the heart, lie behind a wall, or at angles at which the network saw
no right cavity in the whole stack.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from corporis.apps.heart_shape.polar import CAVITY, MUSCLE, RIGHT, Profiles

SURE, HARDLY = 0.7, 0.8  # probabilities of sure right cavity; of what a gap does not end
FILLED = 0.85  # quantile over the beat: the right cavity is full for a sixth of it at least
NOW = 0.5  # what it is believed to be at all times, as a share of that
BORDER = 0.43  # share of blood at the border: beyond the thin wall there often is dark lung
BLUR = 0.4  # angles over which brightness is averaged
LEAST_CONTRAST = 0.2  # of blood and muscle nearby, as a share of that in the left ventricle
FAINTEST = 0.018  # no pixel is further from doubt than this
BELIEF, BRIGHTNESS = 0.75, 5.0  # weights of the network's log odds, and of brightness
TOO_BRIGHT = 1.3  # share of blood that only fat has
NEARBY = (3, 1, 3, 5)  # slices, times, angles, radii among which the network must see something,
UNSEEN, NEVER = (0.05, 0.35), 10.0  # of which probability, and what it costs to go where it is less
LEAST = 0.15  # mean probability of right cavity where it surely is
SECTOR = 0.06  # share of the largest extent at which the angles of the right cavity end
RISES, VALLEY = 1.5, 0.4  # a second lobe rises so much, from less than that share of the largest


def ray_brightness(frames: np.ndarray, profile: Profiles) -> np.ndarray:
    """Images along the rays of `profile`, (n_slices, n_times, n_angles, n_radii); outside 0.

    Parameters
    ----------
    frames : array, (n_slices, n_times, n_rows, n_columns)
    profile : Profiles
    """
    n_angles = profile.probability.shape[3]
    angle = 2 * np.pi * np.arange(n_angles) / n_angles
    across = np.stack([np.sin(angle), np.cos(angle)])[..., None] * profile.radii
    out = np.empty((*frames.shape[:2], *across.shape[1:]), np.float32)
    for s, centre in enumerate(profile.centres):
        where = centre[:, None, None] + across
        for t, image in enumerate(frames[s]):
            ndimage.map_coordinates(
                np.asarray(image, np.float32), where, output=out[s, t], order=1, mode="constant"
            )
    return out


@dataclass(frozen=True)
class RightRays:
    """What is known of the right cavity along the rays of a stack.

    Parameters
    ----------
    right : array, (n_slices, n_times, n_angles, n_radii)
        Probability of right cavity, by the network.
    blood : array of the same shape
        How much like blood a place is: 0 as the left wall's muscle, 1 as blood nearby.
    radii : array, (n_radii,)
        Source pixels, uniform.
    wall : array, (n_slices, n_times, n_angles, 1)
        Outer radius of the left ventricle: there the right cavity begins.
    """

    right: np.ndarray
    blood: np.ndarray
    radii: np.ndarray
    wall: np.ndarray

    @classmethod
    def of(
        cls, profile: Profiles, frames: np.ndarray, outer_square: np.ndarray
    ) -> "RightRays | None":
        """From the network's evidence and the images (n_slices, n_times, n_rows, n_columns).

        `outer_square` (n_slices, n_times, n_angles) is the left ventricle's squared outer radius.
        None if the left cavity is not brighter than its wall: then brightness tells nothing.
        """
        wall = np.sqrt(outer_square)[..., None]
        blood = _blood_share(ray_brightness(frames, profile), profile, wall)
        if blood is None:
            return None
        return cls(profile.probability[:, :, RIGHT], blood, profile.radii, wall)

    def extent(self) -> np.ndarray:
        """Expected squared extent of the right cavity, (n_slices, n_times, n_angles), >= 0.

        On a ray the cavity ends where the sum of the evidence from the left wall outwards is
        largest; each place counts with the probability that this sum gives it.
        """
        filled = np.quantile(self.right, FILLED, axis=1, keepdims=True)
        extent = _expected_end(self._gain(filled), self.radii, self.wall)
        extent = np.maximum(extent - self.wall[..., 0] ** 2, 0)
        extent = np.where(_sector(filled, self.radii, self.wall)[:, None], extent, 0)
        return np.where(_one_lobe(extent, filled, self.radii)[:, None], extent, 0)

    def _gain(self, filled):
        """What speaks for right cavity at a place, and not against it, of the shape of `right`."""
        share = _unbroken(self.blood, self.right, self.radii >= self.wall)
        # from 1, blood, to -1, muscle; fat is as little blood as muscle is
        bright = np.clip(np.minimum(2 * (share - BORDER), 1 + (TOO_BRIGHT - share) / 0.1), -1, 1)
        likely = np.clip(np.maximum(self.right, NOW * filled), FAINTEST, 1 - FAINTEST)
        modes = ("nearest", "nearest", "wrap", "nearest")
        nearby = ndimage.maximum_filter(filled, size=NEARBY, mode=modes)
        unseen = np.clip((UNSEEN[1] - nearby) / (UNSEEN[1] - UNSEEN[0]), 0, 1)
        return BELIEF * np.log(likely / (1 - likely)) + BRIGHTNESS * bright - NEVER * unseen

    def presence(self, extent: np.ndarray, towards_apex: int) -> np.ndarray:
        """Share of each thick slice that shows the right ventricle, (n_slices, n_times), 0 to 1.

        It is the share of blood where the next slice towards the apex, `towards_apex` (+1 or -1)
        away, has right cavity, of `extent`; if the network saw none there it is 0: an atrium.
        """
        wall, extent = (np.roll(x, -towards_apex, 0) for x in (self.wall, extent[..., None]))
        radii = self.radii
        region = np.where((radii > wall) & (radii**2 < wall**2 + extent), radii, 0)
        blood, right = (
            (region * x).sum(axis=(2, 3)) / np.maximum(region.sum(axis=(2, 3)), 1e-9)
            for x in (np.clip(self.blood, 0, 1), self.right)
        )
        share = np.clip(blood, 0, 1) * np.clip(right / LEAST, 0, 1)
        share[-1 if towards_apex > 0 else 0] = 1  # nothing lies beyond to compare with
        return share


def _blood_share(brightness, profile, wall) -> np.ndarray | None:
    """How much like blood a place is: 0 as muscle, 1 as the blood of the right cavity nearby.

    None if the left ventricle shows no such contrast.
    """
    probability, radii = profile.probability, profile.radii
    step = radii[1] - radii[0]
    left = np.where(probability[:, :, CAVITY] > 0.9, radii, 0)
    muscle = np.where(probability[:, :, MUSCLE] > 0.8, radii, 0)
    right = np.where((probability[:, :, RIGHT] > SURE) & (radii > wall + 2 * step), radii, 0)
    bright, dark = (float(np.average(brightness, weights=w + 1e-9)) for w in (left, muscle))
    if not (left.any() and muscle.any() and bright > dark):
        return None
    dark_near = _nearby(brightness, muscle, 4, dark)
    blood = _nearby(brightness, right, 4, _nearby(brightness, left, 12, bright))
    share = (brightness - dark_near) / np.maximum(
        blood - dark_near, LEAST_CONTRAST * (bright - dark)
    )
    return ndimage.gaussian_filter1d(share, BLUR, axis=2, mode="wrap")


def _nearby(brightness, weight, around, otherwise):
    """Mean over time and radius of what has weight nearby, (n_slices, 1, n_angles, 1).

    Nearby is within a slice and `around` angles; where nothing is there it is `otherwise`.
    """
    faint = 0.1 * weight.sum(axis=(1, 3)).max() + 1e-9
    total, mass = (
        ndimage.gaussian_filter(x.sum(axis=(1, 3)), (1, around), mode=("nearest", "wrap"))
        for x in (brightness * weight, weight)
    )
    return (total[:, None, :, None] + faint * otherwise) / (mass[:, None, :, None] + faint)


def _unbroken(share, right, is_beyond):
    """`share` that never rises again once it fell, unless the network is sure of what follows."""
    begun = np.maximum.accumulate((share > SURE) & is_beyond, axis=-1)
    falling = np.minimum.accumulate(np.where(begun & (right < HARDLY), share, np.inf), axis=-1)
    return np.minimum(share, falling)


def _expected_end(gain, radii, wall):
    """Expected squared radius where a run that starts at the wall ends."""
    step = radii[1] - radii[0]
    part = np.clip((radii + step / 2 - wall) / step, 0, 1)
    # the first possibility is that there is nothing
    total = np.cumsum(np.concatenate([0 * wall, gain * part], axis=-1), axis=-1)
    possible = np.concatenate([np.ones_like(wall), part], axis=-1) > 0
    total = np.where(possible, total, -np.inf)
    chance = np.exp(total - total.max(axis=-1, keepdims=True))
    square = np.maximum(np.concatenate([wall, 0 * wall + radii + step / 2], axis=-1), wall) ** 2
    return (chance * square).sum(axis=-1) / chance.sum(axis=-1)


def _sector(filled, radii, wall):
    """On which rays the right cavity is at some time, (n_slices, n_angles): one sector a slice."""
    step = radii[1] - radii[0]
    is_beyond = radii >= wall.mean(axis=1, keepdims=True) - step
    extent = 2 * step * (np.where(is_beyond, np.clip((filled - 0.3) / 0.4, 0, 1), 0) @ radii)[:, 0]
    extent = ndimage.gaussian_filter1d(extent, 1.0, axis=1, mode="wrap")
    whole = ndimage.gaussian_filter1d(extent.mean(axis=0), 2.0, mode="wrap")
    # neighbours tell of each other, the whole stack of slices in which nothing is seen
    near = ndimage.gaussian_filter1d(extent, 1.5, axis=0, mode="nearest") + 0.02 * whole
    half = len(whole) // 2
    turn = half - int(np.argmax(whole))
    is_right = np.zeros(near.shape, bool)
    for s, row in enumerate(np.roll(near, turn, axis=1)):
        middle = half - 6 + int(np.argmax(row[half - 6 : half + 7]))
        pieces, _ = ndimage.label(row > SECTOR * row[middle])
        is_right[s] = ndimage.binary_dilation(pieces == pieces[middle], iterations=2)
    return np.roll(is_right, -turn, axis=1) & (whole.max() > 0)


def _one_lobe(extent, filled, radii):
    """On which rays the extent falls from the sector's middle outwards, (n_slices, n_angles).

    Where it rises again another organ begins.
    """
    full = np.quantile(extent, FILLED, axis=1)
    full = ndimage.gaussian_filter(full, (1, 0.7), mode=("nearest", "wrap"))
    sure = np.clip((filled[:, 0] - 0.3) / 0.4, 0, 1) @ radii
    sure = ndimage.gaussian_filter(sure, (1.5, 2), mode=("nearest", "wrap"))
    n_angles = full.shape[1]
    is_one = np.zeros(full.shape, bool)
    for s, middle in enumerate(sure.argmax(axis=1)):
        for way in (1, -1):
            rays = (middle + way * np.arange(n_angles // 2 + 1)) % n_angles
            is_one[s, rays[: _first_lobe(full[s, rays])]] = True
    return is_one


def _first_lobe(values) -> int:
    """How many `values` from the first one belong to the hill that begins there."""
    lowest = np.minimum.accumulate(values)
    again = (values > RISES * lowest + 0.02 * values.max()) & (lowest < VALLEY * values[0])
    return int(np.argmin(values[: np.argmax(again)])) + 1 if again.any() else len(values)
