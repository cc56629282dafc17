"""Nuclei of one slide as files, and a network trained from a folder of labelled images."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from corporis import __version__
from corporis.apps.nuclei.classical import ClassicalNuclei
from corporis.apps.nuclei.evidence import NucleusEvidence, as_bright_field
from corporis.apps.nuclei.fluorescence import GlowingNuclei, developed
from corporis.apps.nuclei.immune import is_brown
from corporis.apps.nuclei.overlapping import OverlapSplitting
from corporis.apps.nuclei.splitting import CentreVoting
from corporis.apps.nuclei.training import Example, Schedule, train
from corporis.apps.nuclei.whole_slide import TileNuclei, WholeSlide, as_searched
from corporis.cohorts.nuclei_files import (
    NEGATIVE,
    POSITIVE,
    Facts,
    Shown,
    all_centres,
    write_details,
    write_results,
)
from corporis.cohorts.nuclei_journal import read_journal
from corporis.cohorts.nuclei_tiles import TileStore, fingerprint
from corporis.errors import BadInput, OutputError
from corporis.imaging import OutputFolder
from corporis.imaging.guard import one_line, shown
from corporis.imaging.lock import only_one
from corporis.imaging.slide import PLAIN, Slide
from corporis.imaging.slide_quality import look_over
from corporis.imaging.stain import IMMUNE, REFERENCE
from corporis.phantoms import NuclearTissue
from corporis.phantoms.nuclei import Tissue

FLUORESCENCE = "fluorescence"
STAINS = {"he": REFERENCE, "ihc": IMMUNE, FLUORESCENCE: REFERENCE}
"""Which two dyes are told apart, the nuclear one first; of fluorescence, shown dark on white, the
first is brightness."""
WRITING = "writing nuclei into"
"""What a second process is told of the first."""
TILES = "tiles"
"""Folder of the output with the nuclei as they were found."""
DARK = 60
"""Median grey level below which an image is fluorescence: a slide's glass is bright."""
INSTANCES, MASK = "_instances.png", "_semantic.png"


def outline_nuclei(
    source: Path | str,
    output: Path | str,
    weights: Path | str | None = None,
    *,
    um_per_px: float | None = None,
    side: int = 1024,
    stain: str = "he",
    is_layered: bool = False,
    name: str | None = None,
    also: Callable[[Path, dict, Callable[[], Iterable[Shown]]], None] | None = None,
    tell: Callable[[str], None] | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> dict:
    """Outline and measure every nucleus of a slide, and write outlines, tables and a summary.

    Finished tiles are kept in a folder beside the output, ``<output>.unfinished``, so that a run
    that was killed goes on when it is started again; it is deleted at the end.

    Parameters
    ----------
    source : path
        A TIFF slide or a plain image.
    output : path
        Gets ``nuclei.geojson`` (pixels of the slide, as QuPath opens it), ``nuclei.csv`` (one
        nucleus a line, lengths in pixels at the network's scale), the same as
        ``nuclei.parquet`` where pyarrow is, ``labels.tif`` (each pixel the number of its nucleus),
        ``nuclei.json``, windows of the slide (``detail-1.jpg``) and ``tiles/``, from which a
        review begins.
    weights : path, optional
        A folder that `train_nuclei` wrote; without it the path without a network is taken.
    um_per_px : float, optional
        Scale, where the file does not say; without any the image is searched as it is.
    side : int
        Of a tile, pixels: bounds the memory.
    stain : str
        ``he``; ``ihc``, where blue nuclei are told from brown ones; or ``fluorescence``, where
        nuclei glow on a dark ground.
    is_layered : bool
        Smears and thick sections: nuclei that lie over each other are parted; needs weights.
    name : str, optional
        A neutral label, never a patient's name; the file's own name is not written anywhere.
    also : callable(folder, summary, tiles), optional
        Writes more into the folder before it appears; ``tiles()`` gives all nuclei, each time
        anew.
    tell : callable(sentence), optional
        Hears before the run how large it is and how much memory it takes.

    Returns
    -------
    dict
        What ``nuclei.json`` holds.

    Raises
    ------
    BadInput
        If slide or weights cannot be read, or the stain is another.
    OutputError
        If the folder holds corrections, which would be lost, or another process writes into it.
    """
    _check(Path(output), stain)
    if is_layered and weights is None:
        raise BadInput("overlaps: parted with the votes of a network alone: give --weights")
    slide = opened(source, um_per_px, stain)
    evidence = None if weights is None else NucleusEvidence.load(weights)
    search = WholeSlide(
        evidence,
        _without_network(stain) if evidence is None else _voting(is_layered),
        side=side,
        stains=STAINS[stain],
        progress=None if progress is None else lambda done: progress("outlining nuclei", done),
        is_dark=stain == FLUORESCENCE,
    )
    seen = as_searched(slide)
    facts = _facts(source, slide, seen.grid(side), stain, evidence is not None, name)
    if tell is not None:
        for remark in facts.remarks:
            tell(remark)
    with only_one(output, WRITING), OutputFolder(output) as folder:
        unfinished = _search(search, slide, facts, evidence, Path(output), tell)
        store = unfinished.link_into(folder / TILES)

        def tiles():
            return numbered(store, stain)

        details = write_details(folder, seen, all_centres(tiles()))
        summary = write_results(folder, tiles, facts, details)
        if also is not None:
            also(folder, summary, tiles)
        unfinished.remove()
    return summary


def opened(source: Path | str, um_per_px: float | None, stain: str) -> Slide:
    """A slide as it is searched for nuclei: fluorescence dark on white, its scale as given."""
    slide = Slide.open(source)
    if um_per_px is not None:
        slide = Slide(slide.name, slide.shape, um_per_px, slide.pieces)
    return developed(slide) if stain == FLUORESCENCE else slide


def _facts(source, slide, grid, stain, is_learned, name):
    """What is known of a slide before it is searched; squares of it are looked at."""
    return Facts(
        slide=name or "slide",
        shape=slide.shape,
        um_per_px=slide.um_per_px,
        factor=(as_searched(slide).um_per_px or 1.0) / (slide.um_per_px or 1.0),
        stain=stain,
        is_learned=is_learned,
        fingerprint=fingerprint(source),
        grid=grid,
        remarks=() if stain == FLUORESCENCE else tuple(look_over(slide).sentences()),
    )


def _without_network(stain):
    return (
        GlowingNuclei()
        if stain == FLUORESCENCE
        else ClassicalNuclei(is_brown_nuclear=stain == "ihc")
    )


def _voting(is_layered):
    return CentreVoting(overlaps=OverlapSplitting() if is_layered else None)


def _check(output, stain):
    if stain not in STAINS:
        raise BadInput(f"stain: expected {', '.join(STAINS)}, got {one_line(stain, 40)}")
    if steps := len(read_journal(output)):
        raise OutputError(
            f"{shown(output)} holds a review of {steps} steps, which would be lost: choose another "
            "folder"
        )


def _search(search, slide, facts, evidence, output, tell):
    """All tiles in the folder of unfinished runs: those of an earlier run, and the others now."""
    network = getattr(getattr(evidence, "network", None), "onnx", b"")
    run = {
        "slide": facts.fingerprint,
        "um_per_px": facts.um_per_px,
        "stain": facts.stain,
        "side": search.side,
        "is_layered": getattr(search.voting, "overlaps", None) is not None,
        "weights": hashlib.sha256(network).hexdigest() if evidence else None,
        "corporis": __version__,
    }
    store = TileStore(output.absolute().with_name(f"{output.absolute().name}.unfinished"))
    done = store.begin(run)
    if tell is not None:
        count = facts.grid[0] * facts.grid[1]
        words = f"{count} tiles of {search.side} pixels, about {search.memory_gb:.1f} GB of memory"
        held = f"; {len(done)} tiles were finished before" if done else ""
        tell(f"{words}{held}")
    for number, nuclei in search.numbered(slide, but=done):
        store.add(number, nuclei)
    return store


def numbered(store: TileStore, stain: str) -> Iterator[Shown]:
    """All nuclei of a search, counted from 1; with the class that the stain itself gives."""
    first = 1
    for nuclei in store:
        numbers = np.arange(first, first + len(nuclei.centres))
        first += len(numbers)
        yield Shown(numbers, nuclei, stained(nuclei, stain))


def stained(nuclei: TileNuclei, stain: str) -> tuple[str, ...]:
    """Class of each nucleus by its dye alone: positive or negative, or none."""
    if stain != "ihc":
        return ("",) * len(nuclei.centres)
    dyes = (
        nuclei.features[:, nuclei.names.index(f"colour.{dye}_dye_mean")]
        for dye in ("nuclear", "other")
    )
    return tuple(POSITIVE if positive else NEGATIVE for positive in is_brown(*dyes))


def train_nuclei(
    data: Path | str,
    output: Path | str,
    *,
    n_generated: int = 0,
    seed: int = 0,
    schedule: Schedule | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> int:
    """Train the network on a folder of labelled images and write ``nuclei.onnx``.

    Parameters
    ----------
    data : path
        Holds, at any depth, images at about 0.25 um/px with ``<name>_instances.png`` (a number a
        nucleus) or ``<name>_semantic.png`` (nucleus or not) beside each. Dark images are taken for
        fluorescence and shown dark on white.
    n_generated : int
        Images of generated tissue to learn from besides, drawn as often as all others, >= 0.

    Returns
    -------
    int
        Images learned from.

    Raises
    ------
    BadInput
        If there are none.
    """
    known = list(labelled_images(Path(data)))
    if not known:
        raise BadInput(f"{Path(data).name}: no images with *{INSTANCES} or *{MASK} beside them")
    n_steps = (schedule or Schedule()).n_steps
    weight = sum(example.weight for example in known) / max(n_generated, 1)
    drawn = generated_tissue(n_generated, np.random.default_rng([seed, n_generated]))
    known += [Example(t.image, t.labels, weight=weight) for t in drawn]

    def tell(step, loss):
        if progress is not None:
            progress("training", (step + 1) / n_steps)

    evidence = train(known, seed=seed, schedule=schedule, progress=tell)
    with OutputFolder(output) as folder:
        evidence.save(folder)
    return len(known)


def labelled_images(folder: Path) -> Iterable[Example]:
    """Every image with labels beside it, in the order of names."""
    from PIL import Image as Pillow

    for path in sorted(folder.rglob("*.png")):
        ending = next((e for e in (INSTANCES, MASK) if path.name.endswith(e)), None)
        if ending is None:
            continue
        name = path.name.removesuffix(ending)
        for suffix in PLAIN:
            image = path.with_name(name + suffix)
            if image.is_file():
                pixels = np.asarray(Pillow.open(image).convert("RGB"))
                if np.median(pixels) < DARK:
                    pixels = as_bright_field(pixels)
                labels = np.asarray(Pillow.open(path)).astype(np.int32)
                yield Example(pixels, labels, ending == INSTANCES)
                break


def generated_tissue(count: int, rng: np.random.Generator, side: int = 256) -> Iterator[Tissue]:
    """Squares of tissue, each with nuclei of its own sizes, shapes, dyes, crowding and optics."""
    for _ in range(count):
        small = rng.uniform(4, 9)
        low, ground = rng.uniform(0.25, 0.8), rng.uniform(0.1, 0.6)
        kind = NuclearTissue(
            radius_px=(small, small * rng.uniform(1.2, 2.2)),
            roughness=rng.uniform(0.02, 0.12),
            elongation=rng.uniform(1.1, 2.6),
            haematoxylin=(low, low * rng.uniform(1.2, 2.2)),
            eosin=(ground, ground * rng.uniform(0.1, 0.4)),
            blur_px=rng.uniform(0.5, 1.8),
            noise=rng.uniform(1, 7),
        )
        crowding = rng.uniform(0.05, 0.5)
        n_nuclei = max(1, round(crowding * side**2 / (np.pi * np.mean(kind.radius_px) ** 2)))
        yield kind.at(rng.uniform(-8, side + 8, (n_nuclei, 2)), (side, side), rng)
