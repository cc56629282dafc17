"""The commands ``corporis slides ...``: an index of diagnosed regions, and what is like them."""

from pathlib import Path
from typing import Annotated

import typer

from corporis.options import Label, Output
from corporis.terminal import progress, table

slides = typer.Typer(help="Find diagnosed tissue regions alike, by codes of what they show.")

Index = Annotated[Path, typer.Option("--index", help="A file that `corporis slides index` made.")]
Region = Annotated[
    Path, typer.Argument(metavar="IMAGE", help="A TIFF or DICOM slide or a plain image.")
]
Scale = Annotated[
    float | None, typer.Option(min=0.01, help="Micrometres per pixel, where files do not say.")
]
Where = Annotated[
    list[str] | None, typer.Option("--where", help="A fact as name=value; may be given again.")
]
Hide = Annotated[
    bool, typer.Option("--hide-labels", help="Diagnoses show when asked for: for teaching.")
]


@slides.command("index")
def index_folder(
    folder: Annotated[Path, typer.Argument(help="Images and labels.csv (image, label, patient).")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The index file; grows if there.")],
    weights: Annotated[
        Path | None, typer.Option(help="A folder that `corporis slides train` wrote.")
    ] = None,
    encoder: Annotated[
        Path | None, typer.Option(help="ONNX: colour images to features, beside ours; kept.")
    ] = None,
    encoder_side: Annotated[
        int | None, typer.Option(min=8, help="Pixels of its input, where the file does not say.")
    ] = None,
    encoder_mean: Annotated[
        str, typer.Option(help="Of red, green and blue, 0 to 1, that it was trained with.")
    ] = "0.485,0.456,0.406",
    encoder_std: Annotated[str, typer.Option(help="Their deviations.")] = "0.229,0.224,0.225",
    words: Annotated[
        int, typer.Option(min=0, help="Visual words, learned once and kept; 0 for none.")
    ] = 10_000,
    um_per_px: Scale = None,
    label: Annotated[str, typer.Option(help="The column that holds the diagnosis.")] = "label",
) -> None:
    """Describe all cases of a folder and learn their codes; goes on where it was interrupted.

    Example:

      corporis slides index cases/ -o cases.index --weights weights/ --um-per-px 0.5

      corporis slides index cases/ -o cases.index --encoder encoder.onnx
    """
    from corporis.cohorts.slides import index_folder as build
    from corporis.workstation.slides import read_encoder

    network = None
    if encoder is not None:
        network, said = read_encoder(encoder, encoder_side, encoder_mean, encoder_std)
        typer.echo(said)
    with progress() as tell:
        added, held, skipped = build(
            folder,
            output,
            weights=weights,
            encoder=network,
            n_words=words,
            um_per_px=um_per_px,
            label=label,
            progress=tell,
        )
    for line in skipped:
        typer.echo(f"left out {line}")
    typer.echo(f"{added} cases added, {held} held: {output}")


@slides.command("search")
def search(
    image: Region,
    index: Index,
    output: Output,
    region: Annotated[str | None, typer.Option(help="x,y,width,height in pixels.")] = None,
    um_per_px: Scale = None,
    cases: Annotated[int, typer.Option(min=1, help="How many are shown.")] = 10,
    where: Where = None,
    patient: Annotated[
        str | None, typer.Option(help="Whose the region is: his cases are left out.")
    ] = None,
    same_patient: Annotated[
        bool, typer.Option("--same-patient", help="Cases of the same patient may be found.")
    ] = False,
    hide_labels: Hide = False,
    name: Label = None,
) -> None:
    """Find the cases most like a region, with reasons, and what they vote for.

    Leaves report.html (a contact sheet) and report.json in the output folder. Cases of the
    region's own patient are left out, where its file is in the index or --patient says whose.

    Example:

      corporis slides search slide.svs --index cases.index --region 900,400,800,600 -o out/
    """
    from corporis.workstation.slides import Request, parsed_facts, parsed_region, run_search

    request = Request(
        cases, parsed_region(region), um_per_px, patient, same_patient, parsed_facts(where),
        hide_labels, name,
    )  # fmt: skip
    answer = run_search(image, index, output, request)
    if not hide_labels:
        rows = [(f"{m.bits:.1f}", m.entry.label, m.entry.name) for m in answer.matches]
        table([("bits", "diagnosis", "case"), *rows])
        chance = answer.probabilities[answer.diagnosis]
        typer.echo(f"vote: {answer.diagnosis} (probability {chance:.2f})")
    if not answer.is_alike:
        typer.echo("nothing alike was found: the region is stranger than those of the index")
    typer.echo(f"report: {output / 'report.html'}")


@slides.command("examples")
def examples(
    label: Annotated[str, typer.Argument(help="A diagnosis, or the value of a fact.")],
    index: Index,
    output: Output,
    cases: Annotated[int, typer.Option(min=1, help="How many are shown.")] = 10,
    hide_labels: Hide = False,
) -> None:
    """Show cases of one kind, drawn at random, on a contact sheet.

    Example:

      corporis slides examples "poorly differentiated" --index cases.index -o out/ --hide-labels
    """
    from corporis.workstation.slides import run_examples

    count = run_examples(index, label, output, n_cases=cases, hides_labels=hide_labels)
    typer.echo(f"{count} cases: {output / 'report.html'}")


@slides.command("add")
def add(
    image: Region,
    index: Index,
    label: Annotated[str, typer.Option(help="Its diagnosis, one that the index knows.")],
    patient: Annotated[str | None, typer.Option(help="Whose; never shown.")] = None,
    um_per_px: Scale = None,
    where: Where = None,
) -> None:
    """Add one diagnosed case, which is found from now on.

    Example:

      corporis slides add case.png --index cases.index --label benign --patient 17
    """
    from corporis.cohorts.slides import add_case
    from corporis.workstation.slides import parsed_facts

    facts = parsed_facts(where)
    held = add_case(image, index, label, patient=patient, facts=facts, um_per_px=um_per_px)
    typer.echo(f"{held} cases held: {index}")


@slides.command("delete")
def delete(
    name: Annotated[str, typer.Argument(help="Of the case, as `corporis slides list` shows it.")],
    index: Index,
) -> None:
    """Delete one case from an index.

    Example:

      corporis slides delete case-7 --index cases.index
    """
    from corporis.apps.histopathology import CaseIndex

    with CaseIndex(index) as held:
        held.delete(name)
        typer.echo(f"{len(held.names())} cases held: {index}")


@slides.command("list")
def list_cases(index: Index, where: Where = None) -> None:
    """List the cases of an index and their diagnoses.

    Example:

      corporis slides list --index cases.index --where organ=colon
    """
    from corporis.apps.histopathology import CaseIndex
    from corporis.workstation.slides import parsed_facts

    with CaseIndex(index) as held:
        rows = [(label, name) for _, name, label, _ in held.select(**parsed_facts(where))]
    table([("diagnosis", "case"), *rows])


@slides.command("train")
def train(
    data: Annotated[Path, typer.Option(help="Images, *_gland.png and labels.csv.")],
    output: Output,
    um_per_px: Annotated[float, typer.Option(min=0.01, help="Micrometres per pixel.")],
    malignant: Annotated[str, typer.Option(help="The label that means it.")] = "malignant",
    steps: Annotated[int, typer.Option(min=1, help="Of optimisation, 0.2 s each.")] = 1500,
) -> None:
    """Train the network that outlines glands and describes regions (needs torch).

    Example:

      corporis slides train --data glas/ --um-per-px 0.62 -o weights/
    """
    from corporis.apps.histopathology.training import Schedule
    from corporis.cohorts.slide_training import train_glands

    with progress() as tell:
        count = train_glands(
            data, output, um_per_px=um_per_px, malignant=malignant, schedule=Schedule(steps),
            progress=tell,
        )  # fmt: skip
    typer.echo(f"learned from {count} images: {output}")
