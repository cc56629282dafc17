"""The outlines of chests that were learned from: they grow, say no, and hold back what is odd."""

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from corporis import learning  # its parts are loaded when asked for
from corporis.apps.organs.chest_shape import ORGANS, ChestShapes, polygon
from corporis.errors import BadInput
from corporis.imaging.output import atomic_path
from corporis.shapes import dice

FILE_NAME = "chest_shapes.npz"
NOISE_PX = 2.0
"""Deviation of a landmark along an outline where nobody marked it, on the network's square."""
MATCHED = (0.95, 0.95, 0.95, 0.85, 0.85)
"""Dice overlap of given outlines with landmarks brought onto them that is usual at least."""
LEAST_MATCHED = 0.6
"""Below it an organ is no organ of a chest, or lies where none is."""
MOST_SHAPES = 400
LEAST_POINTS = 3
"""Of an outline: fewer enclose nothing."""
LEAST_FOUNDING = 5


@dataclass(frozen=True)
class Verdict:
    """What became of a chest's outlines.

    Parameters
    ----------
    case : str
    is_taken : bool
    is_like : bool
        False: it does not look like a chest at all, and cannot be approved either.
    words : str
        Why not; empty where it is taken.
    image : str
        A number made from the grey values; empty where only shapes were at hand.
    source : str
        Where it came from, as the person who gave it wrote it: not to be recorded.
    is_unchanged : bool
        Whether the outlines are those that the application had found, and nobody changed them.
    error : float or None
        1 less the Jaccard overlap of the outlines with those found before, mean of all organs.
    """

    case: str
    is_taken: bool
    is_like: bool = True
    words: str = ""
    image: str = ""
    source: str = ""
    is_unchanged: bool = False
    error: float | None = None


@dataclass(frozen=True, eq=False)
class ChestDictionary:
    """All outlines, in pixels of the network's square.

    Parameters
    ----------
    shapes : mapping of str to array, (n, k, 2)
        By organ; the founding ones first.
    cases : tuple of str
        Whose they are.
    n_founding : int
    held : mapping of str to array, (k, 2)
        Landmarks of all organs of cases that were held back.
    approved_cases : tuple of str
        Those that were taken on a doctor's word, not for their likeness.
    """

    shapes: Mapping[str, np.ndarray]
    cases: tuple[str, ...]
    n_founding: int
    held: Mapping[str, np.ndarray] = field(default_factory=dict)
    approved_cases: tuple[str, ...] = ()

    @classmethod
    def load(cls, path: Path) -> "ChestDictionary":
        """Read what a training or `save` wrote.

        Raises
        ------
        BadInput
            If it is damaged.
        """
        try:
            with np.load(path, allow_pickle=False) as found:
                shapes = {organ: found[organ.replace(" ", "_")] for organ in ORGANS}
                n = len(shapes[ORGANS[0]])
                named = [f"founding {k}" for k in range(n)]
                cases = tuple(map(str, found["cases"] if "cases" in found else named))
                n_founding = int(found["n_founding"]) if "n_founding" in found else n
                names = map(str, found["held_cases"]) if "held_cases" in found else ()
                held = {case: found["held_shapes"][k] for k, case in enumerate(names)}
                sure = tuple(map(str, found["approved_cases"] if "approved_cases" in found else ()))
                _check(shapes, cases, held)
        except (OSError, ValueError, KeyError, EOFError, IndexError, zipfile.BadZipFile):
            raise BadInput(
                f"{path.name}: expected outlines of five organs, got none: train anew"
            ) from None
        return cls(shapes, cases, n_founding, held, sure)

    def save(self, path: Path) -> None:
        """Write all of it; the file appears complete or not at all."""
        content: dict[str, Any] = {o.replace(" ", "_"): s for o, s in self.shapes.items()}
        content |= {"cases": np.array(self.cases), "n_founding": np.array(self.n_founding)}
        if self.held:
            content["held_cases"] = np.array(list(self.held))
            content["held_shapes"] = np.stack(list(self.held.values()))
        if self.approved_cases:
            content["approved_cases"] = np.array(self.approved_cases)
        with atomic_path(path) as temporary:
            np.savez(temporary, **content)

    def prior(self) -> ChestShapes:
        """The shape prior of what is here."""
        return ChestShapes().fit(self.shapes)

    def offered(
        self,
        prior: ChestShapes,
        case: str,
        inside: np.ndarray,
        approved: Sequence[str] = (),
        doubt: str = "",
    ) -> tuple["ChestDictionary", Verdict]:
        """A dictionary with one more chest, unless it is refused or held back; and why.

        Parameters
        ----------
        prior : ChestShapes
            Brings landmarks onto the outlines.
        case : str
        inside : array, (5, rows, columns)
            Shares inside of the organs.
        approved : sequence of str
            Cases that are taken on a doctor's word.
        doubt : str
            What else speaks against these outlines; with it they are held back.
        """
        points, _ = prior.landmarks(inside)
        matched = [
            dice(polygon(points[part], inside.shape[1:]), share > 0.5)
            for part, share in zip(prior.parts_, inside)
        ]
        worst = int(np.argmin(matched))
        if matched[worst] < LEAST_MATCHED:
            words = (
                f"does not look like a chest: the {ORGANS[worst]} of other chests matches it to "
                f"{matched[worst]:.2f}, expected {MATCHED[worst]}; left and right exchanged, or "
                "turned?"
            )
            return self, Verdict(case, False, False, words)
        parts = {organ: points[part] for organ, part in zip(ORGANS, prior.parts_)}
        odd = []
        for organ, found, usual in zip(ORGANS, matched, MATCHED):
            surprise = self._surprise(organ, parts[organ])
            if found < usual:
                odd.append(f"{organ} (other chests match it to {found:.2f}, usual {usual})")
            elif surprise > 0:
                odd.append(f"{organ} ({surprise:.0f} nats above what is usual)")
        doubts = [f"outlines unlike the known ones: {', '.join(odd)}"] if odd else []
        doubts += [doubt] if doubt else []
        if doubts and case not in approved:
            words = "; ".join(doubts)
            kept = replace(self, held={**self.held, case: points})
            return kept, Verdict(case, False, True, words)
        return self._with(case, parts, is_approved=bool(doubts)), Verdict(case, True)

    def approved(self, case: str) -> "ChestDictionary":
        """A dictionary with a case that was held back.

        Raises
        ------
        BadInput
            If it was not.
        """
        if case not in self.held:
            raise BadInput(
                f"{case}: no outlines of this case are held back here; held back are: "
                f"{', '.join(self.held) or 'none'}"
            )
        sizes = [self.shapes[organ].shape[1] for organ in ORGANS]
        parts = np.split(self.held[case], np.cumsum(sizes)[:-1])
        return self._with(case, dict(zip(ORGANS, parts, strict=True)), is_approved=True)

    def order(self, points: Sequence[np.ndarray], n_chosen: int) -> np.ndarray:
        """Which of chests (m, k, 2) tells most, the most telling first; see `GrowingShapes.ask`."""
        whole = np.concatenate([self.shapes[organ] for organ in ORGANS], axis=1)
        return learning.GrowingShapes(noise=NOISE_PX).fit(whole).ask(np.stack(points), n_chosen)

    def _surprise(self, organ, points) -> float:
        """Nats beyond what is plausible and not given back by others; <= 0 is usual.

        The founding shapes with the approved ones are asked alone too, and grant a nat more for
        each number: many steps, each like the one before, must not lead anywhere.
        """
        shapes = self.shapes[organ]
        is_sure = np.isin(self.cases, self.approved_cases)
        is_sure[: self.n_founding] = True
        asked = [(shapes, 0)]
        if LEAST_FOUNDING <= np.count_nonzero(is_sure) < len(shapes):
            asked.append((shapes[is_sure], points.size))
        found = []
        for known, allowance in asked:
            model = learning.GrowingShapes(noise=NOISE_PX).fit(known)
            offer = model.partial_fit(points[None], cases=["new"]).offers_[-1]
            found.append(-1.0 if offer.is_accepted else offer.surprise - allowance)
        return max(found)

    def _with(self, case, parts, is_approved):
        """One more; beyond the most that are kept the least used leaves."""
        held = {name: shape for name, shape in self.held.items() if name != case}
        shapes = {o: np.concatenate([self.shapes[o], parts[o][None]]) for o in ORGANS}
        sure = (*self.approved_cases, case) if is_approved else self.approved_cases
        found = ChestDictionary(shapes, (*self.cases, case), self.n_founding, held, sure)
        return found if len(found.cases) <= MOST_SHAPES else found._evicted()

    def _evicted(self):
        whole = np.concatenate([self.shapes[organ] for organ in ORGANS], axis=1)
        first = min(self.n_founding, len(whole) - 1)
        model = learning.GrowingShapes(noise=NOISE_PX, n_atoms=len(whole) - 1)
        model.fit(whole[:first], cases=self.cases[:first])
        for shape, case in zip(whole[first:], self.cases[first:]):
            if case in model.partial_fit(shape[None], cases=[case]).held_:
                model.approve(case)  # it was taken when it came
        stay = np.isin(self.cases, model.cases_)
        shapes = {organ: many[stay] for organ, many in self.shapes.items()}
        cases = tuple(case for case, is_here in zip(self.cases, stay) if is_here)
        n_founding = self.n_founding - int(np.sum(~stay[: self.n_founding]))
        sure = tuple(case for case in self.approved_cases if case in cases)
        return ChestDictionary(shapes, cases, n_founding, self.held, sure)


def _check(shapes, cases, held):
    """Raise ``ValueError`` where these are not outlines of so many chests."""
    for many in (*shapes.values(), *(points[None] for points in held.values())):
        if many.ndim != 3 or many.shape[1] < LEAST_POINTS or many.shape[2] != 2:
            raise ValueError(f"expected outlines (n, k >= {LEAST_POINTS}, 2), got {many.shape}")
        if not np.isfinite(many).all():
            raise ValueError("expected finite outlines")
    n_points = sum(many.shape[1] for many in shapes.values())
    if {len(many) for many in shapes.values()} != {len(cases)} or any(
        len(points) != n_points for points in held.values()
    ):
        raise ValueError("expected as many outlines of each organ as cases")
