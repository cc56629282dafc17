"""What outlines organs, as training left it: loaded without what only training needs."""

from collections.abc import Callable
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
from corporis.cohorts.ledger import Ledger
from corporis.errors import BadInput

HIPPOCAMPUS_SHAPES = "hippocampus_shapes.npz"
WITH_SHAPES = ("liver", "left kidney", "right kidney")
"""Organs in CT whose shapes are learned; those of lungs are drawn, not real."""
CT_SHAPES = {organ: f"ct_{organ.replace(' ', '_')}.npz" for organ in WITH_SHAPES}


def load_chest(
    weights: Path | str, progress: Callable[[str, float], None] | None = None
) -> ChestRadiograph:
    """The application with what `corporis.cohorts.organs.train_chest` left, or learned since.

    Raises
    ------
    BadInput
        If it is not there or damaged.
    """
    folder = Ledger(Path(weights)).current()
    _must_hold(folder, "chest", CHEST_NETWORK, CHEST_SHAPES)
    try:
        prior = ChestDictionary.load(folder / CHEST_SHAPES).prior()
    except (BadInput, ValueError):  # too few chests, or no chests at all
        raise BadInput(
            f"{CHEST_SHAPES}: expected outlines of five organs, got none: {how_to_make('chest')}"
        ) from None
    return ChestRadiograph(RadiographEvidence.load(folder), prior, progress)


def load_hippocampus(
    weights: Path | str, progress: Callable[[str, float], None] | None = None
) -> HippocampusMR:
    """The application with what `corporis.cohorts.hippocampi.train_hippocampus` left.

    Raises
    ------
    BadInput
        If it is not there or damaged.
    """
    folder = Path(weights)
    _must_hold(folder, "hippocampus", HIPPOCAMPUS_NETWORK, HIPPOCAMPUS_SHAPES)
    shapes = DistanceShapes.load(folder / HIPPOCAMPUS_SHAPES)
    return HippocampusMR(HippocampusEvidence.load(folder), shapes, progress)


def load_ct(weights: Path | str, progress: Callable[[str, float], None] | None = None) -> TrunkCT:
    """The application with what `corporis.cohorts.trunks.train_ct` left.

    Raises
    ------
    BadInput
        If it is not there or damaged.
    """
    folder = Path(weights)
    _must_hold(folder, "ct", CT_NETWORK, *CT_SHAPES.values())
    shapes = {organ: DistanceShapes.load(folder / name) for organ, name in CT_SHAPES.items()}
    return TrunkCT(TrunkEvidence.load(folder), shapes, progress)


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
