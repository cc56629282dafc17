"""Training the heart study on contoured patients and virtual hearts, and outlining out of fold."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from corporis.apps.diagnosis import HeartJudge, train_judge
from corporis.apps.heart_shape import EvidenceMaps, PixelEvidence, Rigidity
from corporis.apps.heart_shape.features import features
from corporis.apps.heart_shape.numbers import Numbers
from corporis.apps.heart_shape.orientation import anterior_insertion
from corporis.apps.heart_shape.outline import Outline, look, outline
from corporis.apps.heart_shape.planes import ShortAxis
from corporis.apps.heart_shape.polar import CAVITY
from corporis.apps.heart_shape.prior import ShapePrior
from corporis.apps.heart_shape.rebuild import Body
from corporis.apps.heart_shape.training import Example, Schedule, train
from corporis.cohorts.contoured import DISPLACED, Contoured, contoured_patients
from corporis.errors import NotFound
from corporis.imaging import OutputFolder
from corporis.imaging.output import write_bytes
from corporis.phantoms import sample_training_heart

N_FOLDS = 5
WHOLE = Schedule(500, 3000)
"""How long the networks that are kept train; those of the folds, only used to measure, train as
`Schedule` says by default."""

N_VIRTUAL = 60
N_VIRTUAL_SHAPES = 30


def folds(patients: Sequence[Contoured], seed: int = 0) -> list[np.ndarray]:
    """Patient indices of each fold, every group spread evenly; at most one fold a patient."""
    rng = np.random.default_rng(seed)
    order: list[int] = []
    for group in sorted({p.group for p in patients}):
        order += list(rng.permutation([i for i, p in enumerate(patients) if p.group == group]))
    n_folds = min(N_FOLDS, len(patients))
    return [np.array(order[k::n_folds]) for k in range(n_folds)]


def examples(patients: Sequence[Contoured]) -> list[Example]:
    """Contoured patients as training examples: the cavity is certain, the muscle is guessed."""
    return [Example.from_cavity(p.stack.frames, p.cavity, ~p.stack.missing) for p in patients]


def virtual_hearts(
    n: int, seed: int, executor: Executor | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Random virtual hearts as (frames, classes), each (n_slices, 2, rows, columns)."""
    spread = map if executor is None else executor.map
    return spread(_virtual_heart, [(seed, number) for number in range(n)])


def _virtual_heart(key: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    return sample_training_heart(np.random.default_rng([7, *key]))


def virtual_examples(
    n: int = N_VIRTUAL, seed: int = 0, executor: Executor | None = None
) -> list[Example]:
    """Random virtual hearts as training examples, all classes certain.

    Together they are asked about a third as often as some thirty patients: they teach what
    patients' masks do not hold (muscle, right cavity, what lies above the base).
    """
    weight = 10.0 / max(n, 1)
    hearts = virtual_hearts(n, seed, executor)
    return [Example.from_classes(*heart, weight=weight) for heart in hearts]


def two_processes() -> Executor:
    """Two processes of one thread each: what training takes unless it is given another pool."""
    return ProcessPoolExecutor(2, mp_context=get_context("spawn"))


def train_networks(
    hearts: Sequence[Example],
    seed: int = 0,
    schedule: Schedule | None = None,
    keep: Path | None = None,
) -> PixelEvidence:
    """One training on one thread; the same hearts and seed give the same networks.

    Networks that an interrupted run left in the folder `keep` are taken from there.
    """
    if keep is not None and (keep / "segmenter.onnx").is_file():
        return PixelEvidence.load(keep)
    evidence = train(hearts, seed=seed, schedule=schedule)
    if keep is not None:
        evidence.save(keep)
    return evidence


@dataclass(frozen=True)
class Trained:
    """Networks trained on everything, and for each patient networks from a fold without it.

    ``members`` names all patients of a patient's fold.
    """

    evidence: PixelEvidence
    fold_of: dict[str, PixelEvidence]
    members: dict[str, tuple[str, ...]]


def train_folds(
    patients: Sequence[Contoured],
    *,
    seed: int = 0,
    schedule: Schedule | None = None,
    whole: Schedule | None = None,
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
    schedule, whole : Schedule, optional
        Of the folds, and of the training on all patients (by default the same).
    n_virtual : int
        Virtual hearts that join every training.
    executor : Executor, optional
        Where trainings run; by default `two_processes`.
    keep : path, optional
        Folder where finished trainings are kept, so that an interrupted run goes on from there.
    progress : callable(text, fraction), optional
    """
    kept = [p for p in patients if p.name not in DISPLACED]
    parts = folds(kept, seed)
    real = examples(kept)
    jobs = [[e for i, e in enumerate(real) if i not in set(part.tolist())] for part in parts]
    own = executor or two_processes()
    try:
        virtual = virtual_examples(n_virtual, seed, own)
        # The longest first, so that the last trainings end together.
        kept_in = [None if keep is None else keep / f"fold_{k}" for k in range(len(jobs))]
        everything = own.submit(
            train_networks,
            [*real, *virtual],
            seed,
            whole or schedule,
            None if keep is None else keep / "all",
        )
        waiting = [
            own.submit(train_networks, [*job, *virtual], seed, schedule, folder)
            for job, folder in zip(jobs, kept_in, strict=True)
        ]
        waiting.append(everything)
        trained = []
        for number, job in enumerate(waiting):
            trained.append(job.result())
            if progress is not None:
                progress(f"trained {number + 1} of {len(waiting)}", (number + 1) / len(waiting))
    finally:
        if executor is None:
            own.shutdown(cancel_futures=True)
    fold_of = {kept[i].name: trained[k] for k, part in enumerate(parts) for i in part.tolist()}
    members = {
        kept[i].name: tuple(kept[j].name for j in part.tolist())
        for part in parts
        for i in part.tolist()
    }
    return Trained(trained[-1], fold_of, members)


def outline_contoured(
    stack: ShortAxis,
    maps: EvidenceMaps,
    *,
    prior: ShapePrior | None = None,
    rigidity: Rigidity | None = None,
) -> Outline:
    """Outline a contoured set, where the first and last slice are known to be the heart's."""
    seen = look(maps, stack.missing, all_present=True)
    return outline(stack, seen, rigidity or Rigidity(), prior=prior)


@dataclass(frozen=True)
class Gallery:
    """Outlined hearts that a dictionary is made of: patients by name, and virtual ones."""

    patients: dict[str, Body]
    virtual: tuple[Body, ...]

    @classmethod
    def of(
        cls,
        patients: Sequence[Contoured],
        *,
        n_virtual: int = N_VIRTUAL_SHAPES,
        seed: int = 0,
        executor: Executor | None = None,
    ) -> "Gallery":
        """Outline the drawn hearts, displaced ones left out, and some random virtual hearts."""
        drawn = {
            p.name: outline_contoured(p.stack, drawn_maps(p.cavity)).body
            for p in patients
            if p.name not in DISPLACED
        }
        virtual = [
            outline_contoured(plain_stack(frames), drawn_maps(classes == CAVITY)).body
            for frames, classes in virtual_hearts(n_virtual, seed + 1, executor)
        ]
        return cls(drawn, tuple(virtual))

    def prior(self, without: Sequence[str] = ()) -> ShapePrior:
        """A dictionary of all hearts but those of some patients."""
        kept = [body for name, body in self.patients.items() if name not in without]
        return ShapePrior.of([*kept, *self.virtual])


def drawn_maps(cavity: np.ndarray) -> EvidenceMaps:
    """Masks as evidence that leaves no doubt, so that drawn hearts are outlined like seen ones."""
    rows = np.flatnonzero(cavity.any(axis=(0, 1, 3)))
    columns = np.flatnonzero(cavity.any(axis=(0, 1, 2)))
    middle = (rows[0] + rows[-1]) // 2, (columns[0] + columns[-1]) // 2
    half = max(rows[-1] - rows[0], columns[-1] - columns[0]) // 2 + 4
    padded = np.pad(cavity, ((0, 0), (0, 0), (half, half), (half, half)))
    side = 2 * half + 1
    window = padded[:, :, middle[0] : middle[0] + side, middle[1] : middle[1] + side]
    probability = np.zeros((*window.shape[:2], 4, side, side), np.float32)
    probability[:, :, CAVITY] = window
    probability[:, :, 0] = ~window
    origin = np.tile(np.array(middle, dtype=float) - half, (len(cavity), 1))
    return EvidenceMaps(probability, origin, 1.0)


def plain_stack(frames: np.ndarray) -> ShortAxis:
    """Frames (n_slices, n_times, rows, columns) without geometry, in pixels and slices."""
    n_slices, n_times = frames.shape[:2]
    affines = np.tile(np.eye(4)[[2, 1, 0, 3]], (n_slices, 1, 1))
    affines[:, 2, 3] = np.arange(n_slices)
    return ShortAxis(
        np.asarray(frames, np.float32),
        affines,
        np.tile(np.arange(n_times) / n_times, (n_slices, 1)),
        np.arange(n_slices, dtype=float),
        np.array([0.0, 0.0, 1.0]),
        "pixel",
        None,
        np.zeros((n_slices, n_times), dtype=bool),
        tuple(str(s) for s in range(n_slices)),
    )


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
        Gets ``locator.onnx``, ``segmenter.onnx``, ``hearts.npz`` and ``heart_judge.json``.
    """
    patients = contoured_patients(data)
    with OutputFolder(output) as folder, two_processes() as pool:
        trained = train_folds(patients, seed=seed, whole=WHOLE, executor=pool, progress=progress)
        gallery = Gallery.of(patients, seed=seed, executor=pool)
        table, groups = out_of_fold_features(patients, trained, gallery)
        save_learned(folder, trained.evidence, gallery.prior(), train_judge(table, groups))


def save_learned(
    folder: Path | str, evidence: PixelEvidence, prior: ShapePrior, judge: HeartJudge
) -> None:
    """Write all that the study has learned, as ``corporis heart --weights`` reads it."""
    folder = Path(folder)
    evidence.save(folder)
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
