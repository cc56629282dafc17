"""Cases alike: ranked, with what agreed, what they vote for, and whether anything is alike."""

from dataclasses import dataclass, field

import numpy as np

from corporis.apps.histopathology.encoder import FeatureNetwork
from corporis.apps.histopathology.evidence import UM_PER_PX, GlandEvidence, rescaled
from corporis.apps.histopathology.features import SIDE, ViewTable, describe, no_maps
from corporis.apps.histopathology.glands import GlandSplitting
from corporis.apps.histopathology.index import MODEL, CaseIndex, Entry
from corporis.apps.histopathology.model import APART, IndexModel
from corporis.apps.histopathology.retrieval import nearest_in_case
from corporis.apps.histopathology.topics import UM_PER_PX as WORDS_UM_PER_PX
from corporis.apps.histopathology.topics import ViewTopics
from corporis.errors import BadInput, NotFound

N_SHOWN = 3
"""Features named for every case."""
N_BESIDE = 300
"""Cases spread over those compared, beside which a found one is called near in a family."""
LEAST_DEVIATION = 0.3
"""From the mean of all views, in standard deviations, for an agreement to say anything."""


@dataclass(frozen=True)
class Encoder:
    """A region as a bag of described views.

    Parameters
    ----------
    evidence : GlandEvidence or None
        None where there is no network: tissue then stands for gland.
    splitting : GlandSplitting
    network : FeatureNetwork or None
        Whose features of each view stand beside those measured here.
    topics : ViewTopics or None
        What views say in visual words stands beside them too.
    """

    evidence: GlandEvidence | None = None
    splitting: GlandSplitting = field(default_factory=GlandSplitting)
    network: FeatureNetwork | None = None
    topics: ViewTopics | None = None

    def __call__(self, image, um_per_px: float) -> ViewTable:
        """Views of a region (H, W, 3) of uint8.

        Raises
        ------
        NotFound
            If there is no tissue.
        """
        table = self._measured(rescaled(image, um_per_px))
        names, parts = table.names, [table.values]
        if self.topics is not None:
            fine = rescaled(image, um_per_px, WORDS_UM_PER_PX)
            parts.append(self.topics(fine, table.corners))
            names += self.topics.names()
        if self.network is not None:
            factor = UM_PER_PX / um_per_px
            views = [_cut(np.asarray(image), corner, factor) for corner in table.corners]
            parts.append(self.network(views))
            names += self.network.names()
        return ViewTable(names, np.concatenate(parts, axis=1), table.corners)

    def _measured(self, image):
        if self.evidence is None:
            maps = no_maps(image)
            return describe(image, maps, (maps.inside > 0.5).astype(np.int32))
        maps = self.evidence(image)
        return describe(image, maps, self.splitting(maps))


def _cut(image, corner, factor):
    """A view in an image's own pixels; at its border what there is."""
    (top, left), side = (round(c * factor) for c in corner), max(round(SIDE * factor), 1)
    top, left = min(top, len(image) - 1), min(left, image.shape[1] - 1)
    return image[top : top + side, left : left + side]


@dataclass(frozen=True)
class Match:
    """A case that was found.

    Parameters
    ----------
    entry : Entry
    bits : float
        Differing bits between a view of the query and the nearest of the case, mean over views.
    agreeing, differing : tuple of str
        Features, most telling first, each with how they agree or differ.
    nearer_than : dict of float
        Of each family of features, the share of the cases compared that are farther from the
        query in it, 0 to 1: where it is high, the family agrees.
    """

    entry: Entry
    bits: float
    agreeing: tuple[str, ...]
    differing: tuple[str, ...]
    nearer_than: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What a search found.

    Parameters
    ----------
    matches : tuple of Match
        Nearest first.
    shares, probabilities : dict of float
        Of each diagnosis, from the votes, as they are and calibrated.
    strangeness, strangest : float
        Of the query, and above which nothing alike is known.
    n_compared : int
        Cases that could be found.
    """

    matches: tuple[Match, ...]
    shares: dict[str, float]
    probabilities: dict[str, float]
    strangeness: float
    strangest: float
    n_compared: int

    @property
    def is_alike(self) -> bool:
        """Whether anything like the query is known."""
        return self.strangeness <= self.strangest

    @property
    def diagnosis(self) -> str:
        """The one with the largest probability."""
        return max(self.probabilities, key=self.probabilities.__getitem__)


def search(
    index: CaseIndex,
    model: IndexModel,
    table: ViewTable,
    *,
    without_patient: str | None = None,
    without_names: tuple[str, ...] = (),
    n_matches: int = 10,
    facts: dict[str, str] | None = None,
) -> Answer:
    """Find the cases most like a region.

    Parameters
    ----------
    index : CaseIndex
    model : IndexModel
        Of this index.
    table : ViewTable
        The region, by the encoder that the index was made with.
    without_patient : str, optional
        Whose cases are left out: the query's own.
    without_names : tuple of str
        Cases left out.
    n_matches : int
        >= 1.
    facts : dict of str, optional
        What a case must have: ``{"organ": "colon"}``.

    Raises
    ------
    BadInput
        If the features are not those of the index.
    NotFound
        If no case is left to compare with.
    """
    if table.names != model.names:
        raise BadInput(f"{index.path.name}: made by another version: make it anew")
    rows = [
        row
        for row in index.select(**(facts or {}))
        if row[1] not in without_names and (without_patient is None or row[3] != without_patient)
    ]
    held = index.codes([row[0] for row in rows])
    if not len(held.ids):
        raise NotFound(f"{index.path.name}: no case is left to compare with: ask for fewer facts")
    apart = nearest_in_case(model.views(table.values), held.codes, held.starts)
    label = {row[0]: row[2] for row in rows}
    shares = model.vote(apart, np.array([label[i] for i in held.ids]), model.classes)
    bits = apart.mean(axis=0)
    order = np.argsort(bits, kind="stable")[:n_matches]
    entries = [entry for _, entry in index.entries(held.ids[order].tolist())]
    beside = held.ids[np.linspace(0, len(held.ids) - 1, min(N_BESIDE, len(held.ids))).astype(int)]
    nearness = _Nearness(model, table, [e.features for _, e in index.entries(beside.tolist())])
    matches = tuple(
        _match(model, table, e, float(b), nearness) for e, b in zip(entries, bits[order])
    )
    classes = [str(name) for name in model.classes]
    return Answer(
        matches,
        dict(zip(classes, shares.tolist())),
        dict(zip(classes, model.probabilities(shares).tolist())),
        model.strangeness(table.values),
        model.strangest,
        len(held.ids),
    )


def model_of(index: CaseIndex) -> IndexModel:
    """What an index has learned.

    Raises
    ------
    BadInput
        If it has not learned yet.
    """
    content = index.part(MODEL)
    if content is None:
        raise BadInput(
            f"{index.path.name}: nothing learned yet: run corporis slides index again to the end"
        )
    return IndexModel.from_bytes(content)


def learn(index: CaseIndex, names, *, seed: int = 0) -> IndexModel:
    """Learn codes from all cases of an index, and store them with it.

    Raises
    ------
    BadInput
        If there are fewer than two diagnoses.
    """
    held = list(index.entries())
    labels = [entry.label for _, entry in held]
    if len(set(labels)) < 2:
        raise BadInput(
            f"{index.path.name}: codes are learned from at least two diagnoses, got "
            f"{len(set(labels))}: add cases of another"
        )
    bags = [entry.features for _, entry in held]
    patients = [entry.patient for _, entry in held]
    model = IndexModel.learn(names, bags, labels, patients, seed=seed)
    codes = ((number, model.views(entry.features)) for number, entry in held)
    index.learn({MODEL: model.to_bytes()}, codes)
    return model


class _Nearness:
    """How near a case is to the query in each family of features, beside other cases."""

    def __init__(self, model, table, bags):
        self.families = [name.split(".")[0] for name in model.names]
        self.standardised = model.views.standardised
        self.query = self._mean(table.values)
        self.others = self._apart(np.array([self._mean(bag) for bag in bags]))

    def __call__(self, features):
        """Share of the others that are farther, by family."""
        mine = self._apart(self._mean(features)[None])
        return {name: float(np.mean(self.others[name] > mine[name])) for name in mine}

    def _mean(self, bag):
        return self.standardised(bag).mean(axis=0)

    def _apart(self, means):
        families = np.array(self.families)
        return {
            name: np.linalg.norm((means - self.query)[:, families == name], axis=1)
            for name in dict.fromkeys(self.families)
        }


def _match(model, table, entry, bits, nearness):
    """In which features a case agrees with the query, and in which it does not.

    They agree in a feature where both lie on the same side of the usual, and the nearer the two
    are and the farther out, the more it says.
    """
    mine = model.views.standardised(table.values).mean(axis=0)
    theirs = model.views.standardised(entry.features).mean(axis=0)
    apart = np.abs(mine - theirs)
    same = np.minimum(np.abs(mine), np.abs(theirs)) - apart
    alike = np.where((mine * theirs > 0) & (same > 0), same, 0)
    enough = np.minimum(np.abs(mine), np.abs(theirs)) > LEAST_DEVIATION
    said = [
        f"{_words(model.names[i])} {'high' if mine[i] > 0 else 'low'} in both"
        for i in _best_of_families(model.names, alike * enough)
    ]
    unlike = [
        f"{_words(model.names[i])} {'higher' if theirs[i] > mine[i] else 'lower'}"
        for i in _best_of_families(model.names, apart * (apart > LEAST_DEVIATION))
    ]
    return Match(entry, bits, tuple(said), tuple(unlike), nearness(entry.features))


def _best_of_families(names, score):
    """The features of largest score above 0, `N_SHOWN` of them, no two of one family.

    What an encoder from elsewhere and visual words say has no name that a person would know.
    """
    best: dict[str, int] = {}
    for i in np.argsort(-score, kind="stable"):
        family = names[i].split(".")[0]
        if score[i] > 0 and family not in APART:
            best.setdefault(family, int(i))
    return list(best.values())[:N_SHOWN]


def _words(name):
    family, what = name.split(".", 1)
    return f"{family}: {what.replace('_', ' ')}"
