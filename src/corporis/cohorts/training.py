"""Training the heart study on contoured patients and virtual hearts, and outlining out of fold."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from corporis.apps.diagnosis import HeartJudge, train_judge
from corporis.apps.heart_shape import Border, PixelEvidence
from corporis.apps.heart_shape.evidence import RIGHT_FILE
from corporis.apps.heart_shape.features import features
from corporis.apps.heart_shape.numbers import Numbers
from corporis.apps.heart_shape.orientation import anterior_insertion
from corporis.apps.heart_shape.outline import Outline
from corporis.apps.heart_shape.planes import ShortAxis
from corporis.apps.heart_shape.prior import ShapePrior
from corporis.apps.heart_shape.training import (
    Example,
    Schedule,
    train,
    train_locator,
    train_right,
)
from corporis.cohorts.contoured import DISPLACED, Contoured, contoured_patients
from corporis.cohorts.examples import (
    AGAINST_PATIENTS,
    AGAINST_PATIENTS_RIGHT,
    N_VIRTUAL,
    examples,
    virtual_examples,
    weighted,
)
from corporis.cohorts.gallery import Gallery, outline_contoured
from corporis.errors import NotFound
from corporis.imaging import OutputFolder
from corporis.imaging.output import write_bytes
from corporis.learning.networks import Network

N_FOLDS = 5
WHOLE = Schedule(1000, 6000)
"""How long the networks that are kept train; those of the folds, only used to measure, train as
`Schedule` says by default."""

BLOOD = Schedule(1000, 5000)
"""How long the segmenters of the blood's border and of the right cavity train."""


def folds(patients: Sequence[Contoured], seed: int = 0) -> list[np.ndarray]:
    """Patient indices of each fold, every group spread evenly; at most one fold a patient."""
    rng = np.random.default_rng(seed)
    order: list[int] = []
    for group in sorted({p.group for p in patients}):
        order += list(rng.permutation([i for i, p in enumerate(patients) if p.group == group]))
    n_folds = min(N_FOLDS, len(patients))
    return [np.array(order[k::n_folds]) for k in range(n_folds)]


def two_processes() -> Executor:
    """Two processes of one thread each: what training takes unless it is given another pool."""
    return ProcessPoolExecutor(2, mp_context=get_context("spawn"))


def train_networks(
    hearts: Sequence[Example],
    seed: int = 0,
    schedule: Schedule | None = None,
    keep: Path | None = None,
    border: Border = Border.EXPERT,
    locator: Network | None = None,
) -> PixelEvidence:
    """One training on one thread; the same hearts and seed give the same networks.

    Networks that an interrupted run left in the folder `keep` are taken from there.
    """
    if keep is not None and (keep / border.file_name).is_file():
        return PixelEvidence.load(keep, border)
    evidence = train(hearts, border=border, locator=locator, seed=seed, schedule=schedule)
    if keep is not None:
        evidence.save(keep)
    return evidence


def train_beside(
    hearts: Sequence[Example], seed: int, schedule: Schedule | None, keep: Path | None = None
) -> Network:
    """The right cavity's segmenter, one training on one thread, kept as `train_networks` does."""
    path = None if keep is None else keep / "all" / RIGHT_FILE
    if path is not None and path.is_file():
        return Network.load(path)
    network = train_right(hearts, seed=seed, schedule=schedule)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        network.save(path)
    return network


@dataclass(frozen=True)
class Trained:
    """Networks trained on everything, and for each patient networks from a fold without it.

    ``evidence`` draws the experts' border, ``blood`` the blood's, and both know the right cavity
    from one network more; those of the folds do not, for nobody outlined it in patients.
    ``members`` names all patients of a patient's fold.
    """

    evidence: PixelEvidence
    blood: PixelEvidence
    fold_of: dict[str, PixelEvidence]
    members: dict[str, tuple[str, ...]]


def train_folds(
    patients: Sequence[Contoured],
    *,
    seed: int = 0,
    schedule: Schedule | None = None,
    whole: Schedule | None = None,
    blood: Schedule | None = None,
    n_virtual: int = N_VIRTUAL,
    executor: Executor | None = None,
    keep: Path | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Trained:
    """Train once on all patients and once per fold, two processes of one thread side by side.

    Parameters
    ----------
    patients : sequence of Contoured
    seed : int
        Of folds, virtual hearts, weights and augmentation.
    schedule, whole, blood : Schedule, optional
        Of the folds, of the training on all patients, and of the segmenter that draws the
        blood's border (by default all as the folds).
    n_virtual : int
        Virtual hearts, which teach the blood's border, the right cavity and where to look, and not
        the experts' border: mixed among patients they would pull it towards the blood's.
    executor : Executor, optional
        Where trainings run; by default `two_processes`.
    keep : path, optional
        Folder where finished trainings are kept, so that an interrupted run goes on from there.
    progress : callable(text, fraction), optional
    """
    kept = [p for p in patients if p.name not in DISPLACED]
    parts = folds(kept, seed)
    real = examples(kept)
    own = executor or two_processes()
    try:
        virtual = virtual_examples(n_virtual, seed, own)
        # virtual hearts, as many as patients, show it more places and sizes than patients do
        anywhere = [*real, *weighted(virtual, len(real))]
        locating = own.submit(train_locator, anywhere, seed=seed, schedule=whole or schedule)
        jobs: list[Future] = []
        for number, part in enumerate(parts):
            others = [e for i, e in enumerate(real) if i not in set(part.tolist())]
            folder = None if keep is None else keep / f"fold_{number}"
            jobs.append(own.submit(train_networks, others, seed, schedule, folder))
        locator = locating.result()
        for hearts, length, border in (
            (real, whole, Border.EXPERT),
            ([*real, *weighted(virtual, AGAINST_PATIENTS)], blood, Border.BLOOD),
        ):
            folder = None if keep is None else keep / "all"
            length = length or schedule
            jobs.append(own.submit(train_networks, hearts, seed, length, folder, border, locator))
        hearts = [*real, *weighted(virtual, AGAINST_PATIENTS_RIGHT)]
        jobs.append(own.submit(train_beside, hearts, seed, blood or schedule, keep))
        for number, job in enumerate(jobs):
            job.result()
            if progress is not None:
                progress(f"trained {number + 1} of {len(jobs)}", (number + 1) / len(jobs))
    finally:
        if executor is None:
            own.shutdown(cancel_futures=True)
    *of_folds, expert, drawn, right = (job.result() for job in jobs)
    return Trained(
        replace(expert, right=right),
        replace(drawn, right=right),
        {kept[i].name: of_folds[k] for k, part in enumerate(parts) for i in part.tolist()},
        _members([p.name for p in kept], parts),
    )


def _members(names, parts) -> dict[str, tuple[str, ...]]:
    """The names of everybody in each one's fold."""
    return {names[i]: tuple(names[j] for j in part) for part in parts for i in part}


def heart_features(stack: ShortAxis, found: Outline) -> dict[str, float | np.ndarray]:
    """What the judge reads, from an outline."""
    insertion = None
    if found.right is not None:
        insertion = anterior_insertion(
            found.right,
            found.body.frame,
            found.body.ends.towards_apex,
            has_patient_axes=stack.length_unit == "mm",
        )
    return features(Numbers.of(stack, found, insertion), found)


def train_heart(
    data: Path | str,
    output: Path | str,
    *,
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
) -> None:
    """Train networks, dictionary and judge anew from contoured patients; about half an hour.

    Parameters
    ----------
    data : path
        Folder in the layout of the Sunnybrook set.
    output : path
        Gets ``locator.onnx``, ``segmenter_expert.onnx``, ``segmenter_blood.onnx``,
        ``segmenter_right.onnx``, ``hearts.npz`` and ``heart_judge.json``.
    """
    patients = contoured_patients(data)
    with OutputFolder(output) as folder, two_processes() as pool:
        trained = train_folds(
            patients, seed=seed, whole=WHOLE, blood=BLOOD, executor=pool, progress=progress
        )
        gallery = Gallery.of(patients, seed=seed, executor=pool)
        table, groups = out_of_fold_features(patients, trained, gallery)
        save_learned(folder, trained, gallery.prior(), train_judge(table, groups))


def save_learned(
    folder: Path | str, trained: Trained, prior: ShapePrior, judge: HeartJudge
) -> None:
    """Write all that the study has learned, as ``corporis heart --weights`` reads it."""
    folder = Path(folder)
    trained.blood.save(folder)
    trained.evidence.save(folder)
    prior.save(folder / "hearts.npz")
    content = json.dumps(judge.to_json(), indent=1)
    write_bytes(folder / "heart_judge.json", content.encode())


def out_of_fold_features(
    patients: Sequence[Contoured], trained: Trained, gallery: Gallery
) -> tuple[list[dict[str, float | np.ndarray]], list[str]]:
    """Features and groups, each patient measured by networks and a dictionary without it.

    A patient whose heart those networks do not find is left out.
    """
    table, groups = [], []
    for patient in patients:
        if patient.name not in trained.fold_of or not patient.group:
            continue
        prior = gallery.prior(trained.members[patient.name])
        try:
            maps = trained.fold_of[patient.name](patient.stack.frames)
            found = outline_contoured(patient.stack, maps, prior=prior)
        except NotFound:
            continue
        table.append(heart_features(patient.stack, found))
        groups.append(patient.group)
    return table, groups
