"""What outlines organs, as training left it: loaded without what only training needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from corporis.apps.organs.ct import TrunkCT
from corporis.apps.organs.ct_evidence import FILE_NAME as CT_NETWORK
from corporis.apps.organs.ct_evidence import TrunkEvidence
from corporis.apps.organs.distance_shapes import DistanceShapes
from corporis.apps.organs.hippocampus import HippocampusMR
from corporis.apps.organs.hippocampus_evidence import FILE_NAME as HIPPOCAMPUS_NETWORK
from corporis.apps.organs.hippocampus_evidence import HippocampusEvidence
from corporis.apps.organs.radiograph import ChestRadiograph
from corporis.apps.organs.radiograph_evidence import FILE_NAME as CHEST_NETWORK
from corporis.apps.organs.radiograph_evidence import RadiographEvidence
from corporis.cohorts.chest_dictionary import FILE_NAME as CHEST_SHAPES
from corporis.cohorts.chest_dictionary import ChestDictionary
from corporis.cohorts.digests import file_digests, outlines_digest
from corporis.cohorts.ledger import Ledger
from corporis.errors import BadInput
from corporis.interfaces import Case, Report

HIPPOCAMPUS_SHAPES = "hippocampus_shapes.npz"
WITH_SHAPES = ("liver", "left kidney", "right kidney")
"""Organs in CT whose shapes are learned; those of lungs are drawn, not real."""
CT_SHAPES = {organ: f"ct_{organ.replace(' ', '_')}.npz" for organ in WITH_SHAPES}


@dataclass(frozen=True)
class KeptChest(ChestRadiograph):
    """The application with what is on record of its weights, which its reports name.

    Parameters
    ----------
    weights : mapping
        ``step`` of learning, 0 before the first, and ``files``: their digests.
    """

    weights: Mapping[str, object] = field(default_factory=dict)

    def __call__(self, case: Case) -> Report:
        """A report that says what it was made with, and what outlines were found."""
        found = super().__call__(case)
        outlines = outlines_digest(found.facts["masks"])
        return replace(found, provenance={"weights": self.weights, "outlines": outlines})


@dataclass(frozen=True)
class KeptHippocampus(HippocampusMR):
    """The same for hippocampi; their weights have no steps."""

    weights: Mapping[str, object] = field(default_factory=dict)

    def __call__(self, case: Case) -> Report:
        """A report that says what it was made with."""
        return replace(super().__call__(case), provenance={"weights": self.weights})


@dataclass(frozen=True)
class KeptCT(TrunkCT):
    """The same for CT; its weights have no steps."""

    weights: Mapping[str, object] = field(default_factory=dict)

    def __call__(self, case: Case) -> Report:
        """A report that says what it was made with."""
        return replace(super().__call__(case), provenance={"weights": self.weights})


def load_chest(
    weights: Path | str, progress: Callable[[str, float], None] | None = None
) -> KeptChest:
    """The application with what `corporis.cohorts.organs.train_chest` left, or learned since.

    Raises
    ------
    BadInput
        If it is not there or damaged.
    """
    ledger = Ledger(Path(weights))
    folder = ledger.current()
    _must_hold(folder, "chest", CHEST_NETWORK, CHEST_SHAPES)
    try:
        prior = ChestDictionary.load(folder / CHEST_SHAPES).prior()
    except (BadInput, ValueError):  # too few chests, or no chests at all
        raise BadInput(
            f"{CHEST_SHAPES}: expected outlines of five organs, got none: {how_to_make('chest')}"
        ) from None
    made = {"step": ledger.step(), "files": file_digests(folder, (CHEST_NETWORK, CHEST_SHAPES))}
    return KeptChest(RadiographEvidence.load(folder), prior, progress, made)


def load_hippocampus(
    weights: Path | str, progress: Callable[[str, float], None] | None = None
) -> KeptHippocampus:
    """The application with what `corporis.cohorts.hippocampi.train_hippocampus` left.

    Raises
    ------
    BadInput
        If it is not there or damaged.
    """
    folder = Path(weights)
    _must_hold(folder, "hippocampus", HIPPOCAMPUS_NETWORK, HIPPOCAMPUS_SHAPES)
    shapes = DistanceShapes.load(folder / HIPPOCAMPUS_SHAPES)
    made = {"files": file_digests(folder, (HIPPOCAMPUS_NETWORK, HIPPOCAMPUS_SHAPES))}
    return KeptHippocampus(HippocampusEvidence.load(folder), shapes, progress, made)


def load_ct(weights: Path | str, progress: Callable[[str, float], None] | None = None) -> KeptCT:
    """The application with what `corporis.cohorts.trunks.train_ct` left.

    Raises
    ------
    BadInput
        If it is not there or damaged.
    """
    folder = Path(weights)
    _must_hold(folder, "ct", CT_NETWORK, *CT_SHAPES.values())
    shapes = {organ: DistanceShapes.load(folder / name) for organ, name in CT_SHAPES.items()}
    made = {"files": file_digests(folder, (CT_NETWORK, *CT_SHAPES.values()))}
    return KeptCT(TrunkEvidence.load(folder), shapes, progress, made)


def how_to_make(organ: str) -> str:
    """The command that trains what outlines an organ.

    Examples
    --------
    >>> how_to_make("chest")
    'make it with `corporis train organ --organ chest --data FOLDER -o WEIGHTS`'
    """
    return f"make it with `corporis train organ --organ {organ} --data FOLDER -o WEIGHTS`"


def _must_hold(folder, organ, *names):
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise BadInput(
            f"{folder.name}: expected {' and '.join(missing)} there, which do not ship: "
            f"{how_to_make(organ)}"
        )
