"""Write ``benchmarks.md`` from what the benchmark commands printed.

Usage: ``python docs/make_benchmarks.py``

``figures/<name>.json`` is the standard output of one run, as it came. The page shows it beside what
was to be reached, misses included, and a test fails when page and figures disagree.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from benchmark_rows import (
    CT,
    HEART,
    HIPPOCAMPUS,
    HISTOPATHOLOGY,
    LEARNED_SHAPES,
    MOTION,
    MRI,
    NOVELTY,
    NUCLEI,
    ORGAN_WAITS,
    ORGANS,
    RADIOGRAPH_NUMBERS,
    RADIOGRAPHS,
    REPAIR,
    TEXTURES,
    VISUAL_WORDS,
    WORDS,
    Row,
)

HERE = Path(__file__).resolve().parent
PAGE = HERE / "benchmarks.md"
NUMBERS = "Numbers from chest radiographs"

TABLES = (
    (
        "heart",
        "The heart study",
        "python benchmarks/accuracy/heart.py --train DIR --test DIR",
        "Both folders have the layout of the public data sets (`DIR/cardiac/...`). The command "
        "trains from `--train` inside the run with fixed seeds and never loads the shipped "
        "weights; with the same folder for both it cross-validates by patient in five "
        "folds. *Beside* is the evidence alone (no prior, no surface), or for judgements a rule on "
        "the ejection fraction alone. Brackets are 95 % intervals.",
        HEART,
    ),
    (
        "mri",
        "Reconstruction",
        "python benchmarks/accuracy/mri.py --train DIR --test DIR --rivals",
        "Nothing is learned from `--train`. Our noise levels and weights never see the truth; "
        "rivals are tuned on it. *Beside* is BART's best where it is installed, tuned total "
        "variation, or the same without what the row is about. BART is the Debian package `bart`.",
        MRI,
    ),
    (
        "organs",
        "Shapes",
        "python benchmarks/accuracy/organs.py --train DIR --test DIR",
        "Right lungs of 44 landmarks in the 1024 frame, five folds by subject. Each prior's free "
        "numbers are chosen once, on corrupted training shapes, for all rows. *Beside* is the "
        "projection on principal shapes (98 %).",
        ORGANS,
    ),
    (
        "organs",
        "Dictionaries of shapes",
        "python benchmarks/accuracy/organs.py --only shapes --train DIR --test DIR",
        "The same right lungs: few atoms, shapes that arrive one by one, rare details; and speed.",
        LEARNED_SHAPES,
    ),
    (
        "repair",
        "Repair of masks",
        "python benchmarks/accuracy/organs.py --only repair --train DIR --test DIR",
        "A fifth of the volume removed or added in one to four balls; one fold of five by subject. "
        "*Beside* is the shape of 98 % of the principal modes in the same frame.",
        REPAIR,
    ),
    (
        "radiographs",
        "Chest radiographs",
        "python benchmarks/accuracy/organs.py --only radiographs --train DIR --test DIR",
        "Five folds by subject; networks are trained inside the run, with artefacts, and learn "
        "nothing from the subjects they are scored on. *Beside* is the network alone.",
        RADIOGRAPHS,
    ),
    (
        "radiographs",
        NUMBERS,
        "python benchmarks/accuracy/organs.py --only radiographs --train DIR --test DIR",
        "The same run: cardiothoracic ratio and areas of each left-out subject beside those of the "
        "manual outlines (Bland-Altman). Brackets are exact 95 % intervals.",
        RADIOGRAPH_NUMBERS,
    ),
    (
        "hippocampus",
        "The hippocampus",
        "python benchmarks/accuracy/organs.py --only hippocampus --train DIR --test DIR",
        "Five folds by crop; no subject is known, so that leakage cannot be excluded. Networks are "
        "trained inside the run, with artefacts. *Beside* is the network alone.",
        HIPPOCAMPUS,
    ),
    (
        "ct",
        "Organs in CT",
        "python benchmarks/accuracy/organs.py --only ct --train DIR --test DIR",
        "The network learns inside the run, from rendered torsos alone; two public scans, neither "
        "with an expert's outlines, and torsos round livers and kidneys left out. *Beside* is the "
        "network alone.",
        CT,
    ),
    (
        "waiting",
        "What a person waits for",
        "python benchmarks/accuracy/organs.py --only waiting --keep DIR --train DIR --test DIR",
        "`corporis organ` as a whole, by the clock: start, reading, outlines and report.",
        ORGAN_WAITS,
    ),
    (
        "heart_motion",
        "The heart in motion",
        "python benchmarks/accuracy/heart_motion.py --train DIR --test DIR",
        "A tagged ring whose motion is known exactly, tags and DENSE of a person. *Beside* "
        "is plain harmonic phase, tuned by the same rule, or for wrong points a quadratic fit.",
        MOTION,
    ),
    (
        "textures",
        "Retrieval of textures",
        "python benchmarks/accuracy/histopathology.py --rows textures --train DIR --test DIR",
        "Texture features of 3,200 tiles of eight tissue classes, ten folds; no patient is known, "
        "so that leakage cannot be excluded. *Beside* is kernel supervised hashing as published.",
        TEXTURES,
    ),
    (
        "histopathology",
        "Retrieval of regions",
        "python benchmarks/accuracy/histopathology.py --rows regions --train DIR --test DIR",
        "Regions of the colon, five folds by patient, the network trained inside the run: *beside* "
        "is the vote on texture without a network.",
        HISTOPATHOLOGY,
    ),
    (
        "novelty",
        "Nothing alike",
        "python benchmarks/accuracy/histopathology.py --rows novelty --train DIR --test DIR",
        "A class or grade is withheld from the index: how often is that not noticed?",
        NOVELTY,
    ),
    (
        "words",
        "Many visual words",
        "python benchmarks/accuracy/histopathology.py --rows words --train DIR --test DIR",
        "Bags of 500 to 10,000 words on the regions of the colon. *Beside* is kernel supervised "
        "hashing as published.",
        WORDS,
    ),
    (
        "visual_words",
        "What visual words see",
        "python benchmarks/accuracy/histopathology.py --rows controls --train DIR --test DIR",
        "Bags of 500 words on the regions of the colon, five folds by patient, words and codes "
        "learned without the patients asked about. Brackets are 95 % intervals by resampling "
        "patients.",
        VISUAL_WORDS,
    ),
    (
        "nuclei",
        "Nuclei",
        "python benchmarks/accuracy/nuclei.py --train DIR --test DIR --rivals",
        "Networks are trained inside the run, in each fold without its patients. *Beside* is the "
        "path without a network, or for types the component's size alone.",
        NUCLEI,
    ),
)

DIAGRAMS = (
    ("ctr", "Cardiothoracic ratio", "{:+.3f}"),
    ("left_lung_cm2", "Left lung, cm²", "{:+.1f}"),
    ("right_lung_cm2", "Right lung, cm²", "{:+.1f}"),
)

NO_RUN = "This version has not been measured whole yet: no figure is claimed for it."

HEAD = """# Benchmarks

Numbers here are what the benchmark commands printed, misses included: this page is written by
`python docs/make_benchmarks.py` from their output in `docs/figures`.
"""


def table(
    name: str, title: str, command: str, words: str, rows: tuple[Row, ...], told: set[str]
) -> str:
    """One benchmark: command, protocol, figures, and the notes that are not yet `told`."""
    source = HERE / "figures" / f"{name}.json"
    if not source.is_file():
        return "\n".join([f"\n## {title}\n", f"```sh\n{command}\n```\n", f"{words}\n", NO_RUN])
    figures = json.loads(source.read_text(encoding="utf-8"))
    lines = [row.line(figures) for row in rows]
    notes = [f"- {note}" for note in figures.get("notes", ()) if note not in told]
    told.update(figures.get("notes", ()))
    return "\n".join(
        [
            f"\n## {title}\n",
            f"```sh\n{command}\n```\n",
            f"{words}\n",
            "| figure | to reach | reached | beside | |",
            "|---|---|---|---|---|",
            *lines,
            "",
            *notes,
        ]
    )


def speed() -> str:
    """Seconds and errors of reconstruction beside other programs, one line a program."""
    source = HERE / "figures" / "mri_speed.json"
    if not source.is_file():
        return ""
    held, lines = json.loads(source.read_text(encoding="utf-8")), []
    for row in held["rows"]:
        error = f"{row['error']:.4f}" if "error" in row else ""
        words = row.get("setting", "")
        if "data" in row:
            words += f" ({row['data']})"
        if "times_the_floor" in row:
            words = f"{row['times_the_floor']:.1f} times its Fourier transforms alone"
        if "times_the_data" in row:
            words = f"{row['times_the_data']:.1f} times the data in memory, beside the program"
        cells = (row["program"], row["size"], row.get("coils", 1), row["threads"])
        lines.append(
            f"| {' | '.join(str(c) for c in cells)} | {row['seconds']:.2f} | {error} | {words} |"
        )
    return "\n".join(
        [
            "\n## Speed of reconstruction\n",
            f"```sh\n{held['command']}\n```\n",
            "The head phantom's k-space is known in closed form, 20 % of it is sampled, noise lies "
            "35 dB below the image. Weights and iterations of all programs are chosen on the "
            "truth, and the fastest setting within 3 % of a program's best error is timed; *as it "
            "comes* is our default, nothing tuned. BART's time includes its start and its files. "
            "Measured beside other work on the machine; with 128 pixels and eight coils SigPy's "
            "best weight is the least of its grid. Cases *made on the grid* that reconstructs them "
            "commit an inverse crime; programs exchange them to compare. With two threads the "
            "other programs reconstruct eight coils with the setting that one thread chose.\n",
            "| program | pixels a side | coils | threads | s | error | |",
            "|---|---|---|---|---|---|---|",
            *lines,
        ]
    )


def agreement() -> str:
    """Where the numbers from radiographs were measured, their picture."""
    if not (HERE / "figures" / "radiographs.json").is_file():
        return ""
    return "".join(
        f"\n![Differences from manual outlines: {title}](images/agreement_{key}.svg)\n"
        for key, title, _ in DIAGRAMS
    )


def draw_agreement() -> None:
    """Write the diagrams of Bland and Altman from the subjects of the run."""
    from corporis.learning import bland_altman
    from corporis.workstation.agreement import agreement_diagram

    source = HERE / "figures" / "radiographs.json"
    if not source.is_file():
        return
    rows = json.loads(source.read_text(encoding="utf-8"))["rows"]
    subjects = [s for row in rows for s in row.get("subjects", ()) if s["image"] == "clean"]
    for key, title, form in DIAGRAMS:
        pairs = [s["numbers"][key] for s in subjects if key in s["numbers"]]
        measured, manual = [p[0] for p in pairs], [p[3] for p in pairs]
        found = bland_altman(measured, manual)
        text = agreement_diagram(measured, manual, found, title, form)
        (HERE / "images" / f"agreement_{key}.svg").write_text(text, encoding="utf-8")


def page() -> str:
    """The whole page."""
    told: set[str] = set()
    parts = [table(*entry, told) + (agreement() if entry[1] == NUMBERS else "") for entry in TABLES]
    return HEAD + "\n".join(parts) + "\n" + speed() + "\n"


if __name__ == "__main__":
    draw_agreement()
    PAGE.write_text(page(), encoding="utf-8")
