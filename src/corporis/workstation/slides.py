"""Cases alike as a person meets them: one call leaves a contact sheet and its numbers."""

import datetime
import json
import platform
import random
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np

from corporis.apps.histopathology import Answer, CaseIndex, FeatureNetwork, model_of
from corporis.apps.histopathology.evidence import UM_PER_PX
from corporis.apps.histopathology.features import SIDE
from corporis.cohorts.slides import Looked, find_alike, look, scale_of, thumbnail
from corporis.errors import BadInput, NotFound
from corporis.imaging import OutputFolder
from corporis.imaging.guard import one_line, shown
from corporis.imaging.output import write_bytes
from corporis.interfaces import Measure
from corporis.workstation.contact_sheet import Card, ContactSheet, write_contact_sheet
from corporis.workstation.text import per_cent

METHODS = (
    "The region is cut into views of 139 um. Each is described by glands, mucin, how nuclei line "
    "up, chromatin and stroma, relative to the region's own stain; where the index holds them, by "
    "a network and by visual words (SIFT); from this 64 bits are made, and how much measurements, "
    "words and an encoder from elsewhere count in them is learned from the cases. A case is as far "
    "as the bits that differ between a view and its nearest view, on the average. Every view asks "
    "its nine nearest cases; diagnoses count the same however many cases they have.",
    "A case is nearer than others in a family of features by the share of the cases compared whose "
    "mean view is farther from the region's in that family.",
    "Probabilities are calibrated, and the bound beyond which nothing alike is known was set, on "
    "cases of the index whose patients took no part in making the codes they were found by; the "
    "network had seen them if it was trained on them.",
    "Nothing alike means that views lie farther from what is usual in every diagnosis than those "
    "of 95 % of such cases. Silence is no proof: of tissue tiles of a class that an index lacked "
    "59 % were not noticed, and of regions of a colon's grade that it lacked nearly all.",
)
REFERENCES = (
    "Zhang, Liu, Dundar, Badve & Zhang (2015), IEEE Trans. Med. Imaging 34, 496-506, "
    "doi:10.1109/TMI.2014.2361481",
    "Jiang, Zhang, Huang, Yang & Metaxas (2015), MICCAI, LNCS 9351, 366-373",
)
PACKAGES = ("corporis", "numpy", "scikit-learn", "onnxruntime")


@dataclass(frozen=True)
class Request:
    """What is asked of an index.

    Parameters
    ----------
    n_matches : int
        Cases shown, >= 1.
    region : (int, int, int, int) or None
        Left, top, width, height in pixels.
    um_per_px : float or None
        Scale, where the file does not say.
    patient : str or None
        Whose the region is: his cases are left out.
    includes_own : bool
        Whether cases of the same patient may be found.
    facts : dict of str
        What cases must have.
    hides_labels : bool
        For teaching.
    name : str or None
        A neutral label, never a patient's name; the file's own name is not shown.
    """

    n_matches: int = 10
    region: tuple[int, int, int, int] | None = None
    um_per_px: float | None = None
    patient: str | None = None
    includes_own: bool = False
    facts: dict[str, str] | None = None
    hides_labels: bool = False
    name: str | None = None


def run_search(source, index_path, output, request: Request | None = None) -> Answer:
    """Find the cases most like a region, and leave report.html and report.json.

    Raises
    ------
    CorporisError
        If image, index or output cannot be used.
    """
    request = request or Request()
    with CaseIndex(index_path) as index:
        seen = look(
            source,
            um_per_px=request.um_per_px,
            region=request.region,
            otherwise=scale_of(index),
        )
        model = model_of(index)
        answer, table = find_alike(
            index,
            seen,
            n_matches=request.n_matches,
            facts=request.facts,
            patient=request.patient,
            includes_own=request.includes_own,
        )
    page = _sheet(seen, answer, len(table.values), model, request)
    with OutputFolder(output) as folder:
        write_contact_sheet(page, folder / "report.html")
        found = _numbers(seen, answer, request) | {"group_weights": model.group_weights}
        write_bytes(folder / "report.json", json.dumps(found, indent=1).encode())
    return answer


def run_examples(
    index_path, label: str, output, *, n_cases=10, hides_labels=False, seed: int = 0
) -> int:
    """A sheet of cases of one diagnosis, or with a fact of that value, drawn at random.

    Returns
    -------
    int
        Cases shown.

    Raises
    ------
    NotFound
        If there is none.
    """
    with CaseIndex(index_path) as index:
        wanted = [
            number
            for number, entry in index.entries()
            if label == entry.label or label in entry.facts.values()
        ]
        if not wanted:
            raise NotFound(f"{index.path.name}: no case is {one_line(label, 60)}")
        drawn = random.Random(seed).sample(wanted, min(n_cases, len(wanted)))
        cards = [
            Card(entry.name, entry.label, entry.thumbnail, facts=entry.facts)
            for _, entry in index.entries(drawn)
        ]
    title = "Examples" if hides_labels else f"Examples: {label}"
    sentence = f"{len(cards)} of {len(wanted)} cases, drawn at random."
    page = ContactSheet(
        title, sentence, b"", cards, hides_labels=hides_labels, provenance=_versions(),
        date=_today(),
    )  # fmt: skip
    with OutputFolder(output) as folder:
        write_contact_sheet(page, folder / "report.html")
    return len(cards)


def read_encoder(
    path: Path, side: int | None, mean: str, deviation: str
) -> tuple[FeatureNetwork, str]:
    """An encoder from a file and the words of a command line, and one line that states it.

    Raises
    ------
    BadInput
        If file or words cannot be used.
    """
    if not path.is_file():
        raise BadInput(f"{shown(path)} does not exist: check the path")
    colours = [_three(text, option) for text, option in ((mean, "mean"), (deviation, "std"))]
    network = FeatureNetwork(path.read_bytes(), colours[0], colours[1], side)
    return network, network.stated(SIDE * UM_PER_PX)


def _three(text, option):
    try:
        red, green, blue = (float(part) for part in text.split(","))
    except ValueError:
        raise BadInput(
            f"--encoder-{option}: expected three numbers, red,green,blue, got {one_line(text, 60)}"
        ) from None
    return red, green, blue


def parsed_region(text: str | None) -> tuple[int, int, int, int] | None:
    """``x,y,width,height`` as numbers.

    Raises
    ------
    BadInput
        If it is anything else.

    Examples
    --------
    >>> parsed_region("0,10,300,200")
    (0, 10, 300, 200)
    """
    if text is None:
        return None
    try:
        left, top, width, height = (int(part) for part in text.split(","))
    except ValueError:
        raise BadInput(
            f"--region: expected x,y,width,height in pixels, got {one_line(text, 60)}"
        ) from None
    return left, top, width, height


def parsed_facts(texts) -> dict[str, str]:
    """``name=value`` of each.

    Raises
    ------
    BadInput
        If one is anything else.

    Examples
    --------
    >>> parsed_facts(["organ=colon", "stain=H&E"])
    {'organ': 'colon', 'stain': 'H&E'}
    """
    found = {}
    for text in texts or ():
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise BadInput(f"--where: expected name=value, got {one_line(text, 60)}")
        found[name] = value
    return found


def _sheet(seen: Looked, answer: Answer, n_views, model, request) -> ContactSheet:
    accuracy = model.accuracy
    cards = [
        Card(m.entry.name, m.entry.label, m.entry.thumbnail, m.bits, m.entry.facts,
             m.agreeing, m.differing, m.nearer_than)
        for m in answer.matches
    ]  # fmt: skip
    best = answer.diagnosis
    if answer.is_alike:
        sentence = f"The cases most like it vote for {best}"
        if np.isfinite(accuracy):
            sentence += f" (probability {per_cent(answer.probabilities[best])})"
        sentence += "."
    else:
        sentence = "Nothing alike was found: what the nearest cases say means little."
    sentence += f" {answer.n_compared} cases were compared in {n_views} views."
    notes = []
    if seen.is_scale_assumed:
        notes.append(f"The file does not say its scale: {seen.um_per_px:g} um/px was assumed.")
    if request.includes_own:
        notes.append("Cases of the same patient, and the region itself, may be among these.")
    if not np.isfinite(accuracy):
        notes.append("Too few patients to calibrate: shares of the votes are no probabilities.")
    measures = [
        Measure("strangeness", answer.strangeness, "", note=_bound(answer)),
    ]
    for name, weight in model.group_weights.items() if len(model.group_weights) > 1 else ():
        measures.append(
            Measure(f"weight_of_{name}", 100 * weight, "%", note="learned, in the codes")
        )
    if np.isfinite(accuracy):
        note = "of the vote, on patients left out of the codes, not of the network"
        measures.append(Measure("accuracy_in_this_index", 100 * accuracy, "%", note=note))
    return ContactSheet(
        request.name or "query", sentence, thumbnail(seen.image, 720), cards,
        probabilities=answer.probabilities, is_alike=answer.is_alike,
        hides_labels=request.hides_labels, measures=measures, warnings=notes,
        methods=METHODS, references=REFERENCES, provenance=_versions(), date=_today(),
    )  # fmt: skip


def _bound(answer):
    if not np.isfinite(answer.strangest):
        return "no bound is known: too few cases"
    return f"nothing alike is known above {answer.strangest:.2f}"


def _numbers(seen, answer, request) -> dict:
    def known(value):
        return float(value) if np.isfinite(value) else None

    return {
        "note": "For research use only.",
        "region": request.region,
        "um_per_px": seen.um_per_px,
        "sha256": seen.digest,
        "is_alike": answer.is_alike,
        "strangeness": answer.strangeness,
        "strangest_known": known(answer.strangest),
        "diagnosis": answer.diagnosis,
        "probabilities": answer.probabilities,
        "votes": answer.shares,
        "cases_compared": answer.n_compared,
        "matches": [
            {
                "name": m.entry.name,
                "diagnosis": m.entry.label,
                "facts": m.entry.facts,
                "bits": m.bits,
                "alike": m.agreeing,
                "unlike": m.differing,
                "nearer_than": m.nearer_than,
            }
            for m in answer.matches
        ],
        "versions": _versions(),
    }


def _versions():
    versions = {name: metadata.version(name) for name in PACKAGES}
    return {"python": platform.python_version(), **versions}


def _today():
    return datetime.date.today().isoformat()
