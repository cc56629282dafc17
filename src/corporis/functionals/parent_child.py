"""Pairs of a wavelet coefficient and its parent: what is large at one size is so at the next."""

import itertools
from dataclasses import dataclass
from functools import cached_property

from corporis.arrays import check_shape, namespace
from corporis.operators import Wavelet


@dataclass(frozen=True)
class PairFamily:
    r"""Pairs of coefficient and parent that have no coefficient in common, exactly proximable.

    All pairs of `ParentChild` whose child lies on a level of one parity and at one of the
    ``2^d`` places below its parent. Coefficients outside the family are left as they are.

    Parameters
    ----------
    wavelet : Wavelet
        Whose coefficients are penalised.
    parity : int
        0 for children on even levels, 1 on odd ones.
    position : tuple of int
        0 or 1 for every transformed axis: which of its parent's children a child is.
    weight : float
        Strength, >= 0.
    channel_axis : int or None
        An axis whose entries share their groups; None is none.
    spares_roots : bool
        As in `ParentChild`.

    Raises
    ------
    ValueError
        If `weight` is negative or not finite, `channel_axis` is transformed or not an axis, or,
        in `prox`, if ``step <= 0``.

    Examples
    --------
    >>> import numpy as np
    >>> f = PairFamily(Wavelet((4,), "haar", levels=2), parity=1, position=(0,))
    >>> f(np.array([1.0, 4.0, 3.0, 7.0]))    # child 3 and parent 4; the root 1 is alone
    6.0
    """

    wavelet: Wavelet
    parity: int
    position: tuple[int, ...]
    weight: float = 1.0
    channel_axis: int | None = None
    spares_roots: bool = False

    def __post_init__(self):
        _check(self.wavelet, self.weight, self.channel_axis)

    def __call__(self, x) -> float:
        check_shape(x, self.wavelet.shape)
        xp, total = namespace(x), 0.0
        energy = xp.abs(x) ** 2
        for places in self._groups:
            total += float(xp.sum(self._lengths(energy, places)))
        return float(self.weight) * total

    def prox(self, x, step):
        """Shrink every pair's length by ``step * weight``."""
        if not step > 0:
            raise ValueError(f"step must be > 0, got {step}")
        check_shape(x, self.wavelet.shape)
        xp, cut = namespace(x), float(step * self.weight)
        energy, out = xp.abs(x) ** 2, xp.asarray(x, copy=True)
        for places in self._groups:
            length = self._lengths(energy, places)
            is_alive = length > cut
            factor = xp.where(is_alive, 1 - cut / xp.where(is_alive, length, 1), 0)
            for place in places:
                out[place] = x[place] * factor
        return out

    def _lengths(self, energy, places):
        xp = namespace(energy)
        total = energy[places[0]]
        for place in places[1:]:
            total = total + energy[place]
        if self.channel_axis is not None:
            total = xp.sum(total, axis=self.channel_axis, keepdims=True)
        return xp.sqrt(total)

    @cached_property
    def _groups(self):
        """Tuples of slices of equal shape: child and parent, or one without a parent."""
        found, wavelet = [], self.wavelet
        for band in wavelet.bands:
            if "d" not in band.orientation:
                is_other = band.level % 2 != self.parity
                if is_other and not any(self.position) and not self.spares_roots:
                    found.append((band.slices,))
            elif band.level % 2 == self.parity:
                found += self._pairs(band)
        return found

    def _pairs(self, band):
        """Children of one band at this position, with their parents where they have one."""
        wavelet, options = self.wavelet, []
        above = {b.orientation: b for b in wavelet.bands if b.level == band.level + 1}
        for axis, position in zip(wavelet.axes, self.position):
            child = band.slices[axis]
            if above:
                parent, first = above[band.orientation].slices[axis], position
                start = parent.start
            else:
                # Above the coarsest details lies the approximation, at half their place.
                parent, first = slice(0, wavelet.bands[-1].slices[axis].stop), position
                first = (position - child.start) % 2
                start = (child.start + first) // 2
            n_children = len(range(child.start + first, child.stop, 2))
            n_paired = max(0, min(n_children, parent.stop - start))
            begin, end = child.start + first, child.start + first + 2 * n_paired
            paired = (slice(begin, min(end, child.stop), 2), slice(start, start + n_paired))
            alone = (slice(end, child.stop, 2), None)
            options.append([paired] * (n_paired > 0) + [alone] * (n_paired < n_children))
        for choice in itertools.product(*options):
            children, parents = (
                [slice(None)] * len(wavelet.shape),
                [slice(None)] * len(wavelet.shape),
            )
            for axis, (child, parent) in zip(wavelet.axes, choice):
                children[axis], parents[axis] = child, parent
            if any(parent is None for _, parent in choice):
                yield (tuple(children),)
            else:
                yield (tuple(children), tuple(parents))


@dataclass(frozen=True)
class ParentChild:
    r"""``f(x) = weight * sum_i ||(x_i, x_parent(i))||_2`` over all wavelet coefficients.

    Edges leave a trail through the levels of a wavelet transform: a large coefficient has large
    children at its place. The pairs overlap, so that their sum has no closed-form prox; it is
    the sum of ``2^(d + 1)`` `families`, 8 for planes, each with an exact one, which composite
    splitting treats as penalties of their own. Roots, the approximation, are groups of one.

    Parameters
    ----------
    wavelet : Wavelet
        Whose coefficients are penalised. The parent of the detail (i, j) is that at half its
        place on the next coarser level in the same direction; of the coarsest details, the
        approximation at half their place in Mallat's layout, as published.
    weight : float
        Strength, >= 0.
    channel_axis : int or None
        An axis whose entries (contrasts, coils) share their groups, which then hold two
        coefficients of each channel: forest sparsity. None is tree sparsity.
    spares_roots : bool
        Whether the approximation has no group of its own.

    Raises
    ------
    ValueError
        If `weight` is negative or not finite, or `channel_axis` is transformed or not an axis.

    References
    ----------
    Chen & Huang (2012), Adv. Neural Inf. Process. Syst. 25 (wavelet tree); Chen, Li & Huang
    (2014), IEEE Trans. Signal Process. 62 (forest), arXiv:1211.4657

    Examples
    --------
    >>> import numpy as np
    >>> f = ParentChild(Wavelet((4,), "haar", levels=2))
    >>> f(np.array([0.0, 4.0, 3.0, 0.0]))    # (3, 4), (0, 4), (4, 0) and the root 0
    13.0
    >>> len(f.families), len(ParentChild(Wavelet((16, 16))).families)
    (4, 8)
    """

    wavelet: Wavelet
    weight: float = 1.0
    channel_axis: int | None = None
    spares_roots: bool = False

    def __post_init__(self):
        _check(self.wavelet, self.weight, self.channel_axis)

    def __call__(self, x) -> float:
        return sum(family(x) for family in self.families)

    @cached_property
    def families(self) -> tuple[PairFamily, ...]:
        """Penalties with a prox, whose sum this is."""
        positions = itertools.product((0, 1), repeat=len(self.wavelet.axes or ()))
        return tuple(
            PairFamily(
                self.wavelet, parity, position, self.weight, self.channel_axis, self.spares_roots
            )
            for position in positions
            for parity in (0, 1)
        )


def forest(
    wavelet: Wavelet, weight: float, channel_axis: int, *, spares_roots: bool = False
) -> ParentChild:
    """Forest sparsity: `ParentChild` with groups across the channels of `channel_axis`.

    Examples
    --------
    >>> import numpy as np
    >>> f = forest(Wavelet((2, 4), "haar", levels=2, axes=(1,)), weight=1.0, channel_axis=0)
    >>> f(np.array([[0.0, 4.0, 3.0, 0.0], [0.0, 0.0, 12.0, 0.0]]))    # 13 + 4 + 4
    21.0
    """
    return ParentChild(wavelet, weight, channel_axis, spares_roots)


def _check(wavelet, weight, channel_axis):
    if not 0 <= weight < float("inf"):
        raise ValueError(f"weight must be finite and >= 0, got {weight}")
    if channel_axis is None:
        return
    n_axes = len(wavelet.shape)
    if not -n_axes <= channel_axis < n_axes or channel_axis % n_axes in wavelet.axes:
        raise ValueError(
            f"channel_axis must be an axis of {wavelet.shape} that is not transformed, got "
            f"{channel_axis}; leave it out of the wavelet's axes {wavelet.axes}"
        )
