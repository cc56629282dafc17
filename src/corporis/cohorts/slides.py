"""Diagnosed regions as an index on disk, and regions looked up in it."""

import csv
import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corporis.apps.histopathology import (
    Answer,
    CaseIndex,
    Encoder,
    Entry,
    FeatureNetwork,
    GlandEvidence,
    ViewTable,
    ViewTopics,
    learn,
    model_of,
    rescaled,
    search,
)
from corporis.apps.histopathology.index import MODEL
from corporis.apps.histopathology.topics import UM_PER_PX as WORDS_UM_PER_PX
from corporis.errors import BadInput, NotFound
from corporis.imaging.guard import one_line, shown
from corporis.imaging.slide import PLAIN, Slide, files_of
from corporis.learning import Network

TABLE = "labels.csv"
SUFFIXES = (*PLAIN, ".svs", ".tif", ".tiff")
MOST_PIXELS = 50_000_000
"""Of a region that is looked at as one: 150 MB of colours."""
THUMBNAIL_PX = 360
NETWORK, ENCODER, WORDS, SCALE = "network", "encoder", "words", "um_per_px"
"""Parts of an index: the networks that describe its cases, ours and one from elsewhere, its visual
words, and the scale of files without one."""
MAGNIFICATION, UM_AT_1X = "magnification", 10.0
"""A fact of every case, told by its scale where the table does not say."""
OBJECTIVES = (1.25, 2.5, 5, 10, 20, 40, 60, 100)
LEARNED_FROM = 150
"""Cases, spread over a folder, from which visual words are learned."""
NOT_FACTS = ("image", "patient", "label", "um_per_px")
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Looked:
    """A region as it was read.

    Parameters
    ----------
    image : ndarray, (H, W, 3), uint8
    um_per_px : float
    digest : str
        SHA-256 of the whole file.
    is_scale_assumed : bool
        Whether the file does not say, and the index's own scale was taken.
    """

    image: np.ndarray
    um_per_px: float
    digest: str
    is_scale_assumed: bool = False


def look(
    path, *, um_per_px: float | None = None, region=None, otherwise: float | None = None
) -> Looked:
    """Read a region of a slide, or a whole image.

    Parameters
    ----------
    path : path
    um_per_px : float, optional
        Goes before what the file says.
    region : (int, int, int, int), optional
        Left, top, width and height in pixels of the finest level.
    otherwise : float, optional
        Scale where neither says.

    Raises
    ------
    BadInput
        If the file cannot be read, has no scale, is too large, or the region lies outside.
    """
    path = Path(path)
    slide = Slide.open(path)
    rows, columns = slide.shape
    left, top, width, height = region or (0, 0, columns, rows)
    is_within = left + width <= columns and top + height <= rows
    if min(left, top) < 0 or min(width, height) < 1 or not is_within:
        raise BadInput(
            f"{path.name}: region {left},{top},{width},{height} is not within its {columns} x "
            f"{rows} pixels: give x,y,width,height"
        )
    if width * height > MOST_PIXELS:
        raise BadInput(
            f"{path.name}: {width} x {height} pixels are more than the {MOST_PIXELS // 10**6} "
            "million that are compared as one region: choose a part (--region x,y,w,h)"
        )
    scale = um_per_px or slide.um_per_px or otherwise
    if scale is None:
        raise BadInput(f"{path.name}: does not say its scale: give --um-per-px")
    digest = hashlib.sha256()
    for name in files_of(path):
        with open(name, "rb") as file:
            while part := file.read(1 << 20):
                digest.update(part)
    is_assumed = um_per_px is None and slide.um_per_px is None
    return Looked(slide.read(top, left, height, width), scale, digest.hexdigest(), is_assumed)


def thumbnail(image, longest: int = THUMBNAIL_PX) -> bytes:
    """A small JPEG of an image (H, W, 3) of uint8."""
    from PIL import Image as Pillow

    picture = Pillow.fromarray(np.asarray(image))
    picture.thumbnail((longest, longest))
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=82)
    return held.getvalue()


def index_folder(
    folder,
    path,
    *,
    weights=None,
    encoder: FeatureNetwork | None = None,
    n_words: int = 0,
    um_per_px: float | None = None,
    label: str = "label",
    progress: Progress | None = None,
) -> tuple[int, int, list[str]]:
    """Add all cases of a folder to an index, and learn its codes from all that it holds.

    A case that is there already is left as it is, so that an interrupted run goes on.

    Parameters
    ----------
    folder : path
        Holds ``labels.csv`` with the columns ``image`` (file name, with or without suffix), the
        diagnosis, and optionally ``patient``, ``um_per_px`` and facts to filter by.
    path : path
        The index, made if missing.
    weights : path, optional
        A folder that `train_glands` wrote; kept in the index. Without one, regions are described
        by texture, mucin and chromatin of all tissue alone.
    encoder : FeatureNetwork, optional
        A network from elsewhere whose features stand beside these; kept in the index.
    n_words : int
        Visual words, learned from the first folder of an index and kept in it; 0 for none.
    um_per_px : float, optional
        Scale of files that do not say.
    label : str
        The column that holds the diagnosis.

    Returns
    -------
    n_added, n_held : int
    skipped : list of str
        One line each: images without tissue.

    Raises
    ------
    BadInput
        If the table or an image cannot be used.
    """
    rows = list(labelled_rows(Path(folder), label))
    network = b"" if weights is None else GlandEvidence.load(weights).network.onnx
    skipped: list[str] = []
    with CaseIndex(path, is_new_allowed=True) as index:
        if index.settle(NETWORK, network) != network and weights is not None:
            raise BadInput(f"{Path(path).name}: made with other weights: choose another file")
        seen = b"" if encoder is None else encoder.to_bytes()
        if index.settle(ENCODER, seen) != seen and encoder is not None:
            raise BadInput(f"{Path(path).name}: made with another encoder: choose another file")
        if um_per_px is not None:
            index.settle(SCALE, repr(float(um_per_px)).encode())
        if index.part(WORDS) is None:
            is_fresh = n_words > 0 and not index.names()
            learned = _words(rows, n_words, um_per_px, progress) if is_fresh else b""
            index.settle(WORDS, learned)
        known, describes, names = set(index.names()), encoder_of(index), None
        fresh = [row for row in rows if row[0].stem not in known]
        for number, row in enumerate(fresh):
            if progress is not None:
                progress("describing cases", number / len(fresh))
            try:
                entry, table = _entry(index, describes, *row, um_per_px=um_per_px)
            except NotFound as error:
                skipped.append(f"{row[0].name}: {error}")
                continue
            index.add(entry)
            names = table.names
        added = len(fresh) - len(skipped)
        if added or index.part(MODEL) is None:
            if progress is not None:
                progress("learning codes", 1.0)
            learn(index, names or _names(index, describes, rows, um_per_px))
        return added, len(index.names()), skipped


def _words(rows, n_words, um_per_px, progress) -> bytes:
    """Visual words of cases spread over the rows; diagnoses play no part."""
    chosen = np.linspace(0, len(rows) - 1, min(LEARNED_FROM, len(rows))).astype(int)
    images = []
    for done, number in enumerate(chosen):
        if progress is not None:
            progress("learning visual words", done / len(chosen))
        seen = look(rows[number][0], um_per_px=rows[number][4] or um_per_px)
        images.append(rescaled(seen.image, seen.um_per_px, WORDS_UM_PER_PX))
    return ViewTopics.learn(images, n_words).to_bytes()


def _names(index, encoder, rows, um_per_px):
    """Names of the features, where a run that was cut off had described all cases."""
    return _entry(index, encoder, *rows[0], um_per_px=um_per_px)[1].names


def labelled_rows(folder, label) -> Iterator[tuple[Path, str, str | None, dict, float | None]]:
    """Image, diagnosis, patient, facts and scale of every row."""
    path = folder / TABLE
    if not path.is_file():
        raise BadInput(
            f"{shown(folder)}: no {TABLE} there: expected one with the columns image and {label}"
        )
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{shown(path)}: not a table of comma-separated text: {error}") from error
    missing = [name for name in ("image", label) if not rows or name not in rows[0]]
    if missing:
        raise BadInput(f"{shown(path)}: expected rows with the column {missing[0]}")
    for number, row in enumerate(rows, 2):
        facts = {k: v for k, v in row.items() if k and v and k not in NOT_FACTS and k != label}
        if not row["image"] or not row[label]:
            raise BadInput(f"{shown(path)}: line {number} has no image or no {label}: fill it in")
        scale = row.get("um_per_px") or None
        try:
            um_per_px = None if scale is None else float(scale)
        except ValueError:
            raise BadInput(f"{shown(path)}: line {number}: um_per_px is no number") from None
        image = _image(folder, row["image"])
        yield image, row[label], row.get("patient") or None, facts, um_per_px


def _image(folder, name):
    """The file of that name in a folder, its suffix given or not."""
    for path in (folder / name, *(folder / f"{name}{suffix}" for suffix in SUFFIXES)):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            return path
    raise BadInput(f"{shown(folder / TABLE)}: names {one_line(name, 80)}, which is not beside it")


def _entry(index, encoder, path, label, patient, facts, scale, *, um_per_px):
    seen = look(path, um_per_px=scale or um_per_px, otherwise=scale_of(index))
    table = encoder(seen.image, seen.um_per_px)
    small, facts = thumbnail(seen.image), {MAGNIFICATION: magnification(seen.um_per_px), **facts}
    return Entry(path.stem, label, patient, seen.digest, facts, small, table.values), table


def magnification(um_per_px: float) -> str:
    """The usual objective that is nearest to a scale.

    Examples
    --------
    >>> magnification(0.25), magnification(0.62)
    ('40x', '20x')
    """
    nearest = min(OBJECTIVES, key=lambda times: abs(np.log(times * um_per_px / UM_AT_1X)))
    return f"{nearest:g}x"


def encoder_of(index: CaseIndex) -> Encoder:
    """What describes regions as the cases of an index were."""
    network, other, words = (index.part(name) for name in (NETWORK, ENCODER, WORDS))
    return Encoder(
        GlandEvidence(Network(network, n_threads=1)) if network else None,
        network=FeatureNetwork.from_bytes(other) if other else None,
        topics=ViewTopics.from_bytes(words) if words else None,
    )


def scale_of(index: CaseIndex) -> float | None:
    """Scale of files that do not say their own, if it was given when the index was made."""
    held = index.part(SCALE)
    return None if held is None else float(held)


def add_case(
    path,
    index_path,
    label: str,
    *,
    patient: str | None = None,
    facts: dict[str, str] | None = None,
    um_per_px: float | None = None,
) -> int:
    """Add one diagnosed case, which is found from now on; number of cases held.

    How codes are made stays as it is until `index_folder` learns anew.

    Raises
    ------
    BadInput
        If it is there already, or its diagnosis is new: codes must be learned for it.
    NotFound
        If there is no tissue.
    """
    with CaseIndex(index_path) as index:
        made_by, model = index.part(MODEL), model_of(index)
        if label not in model.classes:
            raise BadInput(
                f"{one_line(label, 60)}: no diagnosis of this index, which knows "
                f"{', '.join(map(str, model.classes))}: index a folder that holds it"
            )
        row = (Path(path), label, patient, facts or {}, None)
        entry, table = _entry(index, encoder_of(index), *row, um_per_px=um_per_px)
        index.add(entry, model.views(table.values), made_by=made_by)
        return len(index.names())


def find_alike(
    index: CaseIndex,
    seen: Looked,
    *,
    n_matches: int = 10,
    facts: dict[str, str] | None = None,
    patient: str | None = None,
    includes_own: bool = False,
) -> tuple[Answer, ViewTable]:
    """Cases most like a region; those of its own patient are left out.

    Parameters
    ----------
    index : CaseIndex
    seen : Looked
    n_matches : int
    facts : dict of str, optional
        What a case must have.
    patient : str, optional
        Whose the region is; found out where the file itself is in the index.
    includes_own : bool
        Whether cases of the same patient, and the case itself, may be found.
    """
    table = encoder_of(index)(seen.image, seen.um_per_px)
    known = [] if includes_own else index.known(seen.digest)
    own = next((p for _, p in known if p is not None), patient)
    answer = search(
        index,
        model_of(index),
        table,
        without_patient=None if includes_own else own,
        without_names=tuple(name for name, _ in known),
        n_matches=n_matches,
        facts=facts,
    )
    return answer, table
