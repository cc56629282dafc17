"""The command ``corporis motion``: where muscle goes and how much it stretches."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from corporis.errors import BadInput
from corporis.options import Label, Output
from corporis.terminal import progress, table

VIRTUAL = "virtual"

Source = Annotated[
    str,
    typer.Argument(
        metavar="INPUT",
        help="Tagged films, DENSE displacements or cine (DICOM, NIfTI, npz), or the word virtual.",
    ),
]
Wall = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ROW,COLUMN,INNER,OUTER",
        help="Centre and radii of the muscle in the first frame, pixels; once, or once a slice.",
    ),
]
InsertionOf = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ROW,COLUMN[,ROW,COLUMN]",
        help="Anterior (and inferior) insertion of the right ventricle, pixels: numbers segments.",
    ),
]
Level = Annotated[
    list[str] | None,
    typer.Option(help="basal, mid or apical; once, or once a slice. By default by its name."),
]
FrameTime = Annotated[
    float | None, typer.Option(help="Milliseconds between frames, where the file does not say.")
]
Infarct = Annotated[
    str | None, typer.Option(help="Of the virtual patient: segments that lose contraction, 7,12.")
]
Noise = Annotated[
    float | None,
    typer.Option(
        min=1.0,
        max=1000.0,
        help="Of the virtual patient: signal of muscle over noise, by default 10.",
    ),
]
Shift = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=20.0,
        help="Of the virtual patient's planes between breath-holds, mm, by default 2.5.",
    ),
]
Seed = Annotated[
    int | None, typer.Option(min=0, help="Of the virtual patient's noise, by default 0.")
]


def motion(
    source: Source,
    output: Output,
    wall: Wall = None,
    insertion: InsertionOf = None,
    level: Level = None,
    frame_ms: FrameTime = None,
    infarct: Infarct = None,
    snr: Noise = None,
    shift: Shift = None,
    seed: Seed = None,
    name: Label = None,
) -> None:
    """Follow the heart's muscle by its tags, by DENSE or by cine, and measure its strain.

    Leaves report.html, report.json, measures.csv, regions.csv, curves.csv and the motion itself
    (npz) in the output folder. The word virtual makes a virtual patient whose truth is known.

    Examples:

      corporis motion tagged.npz -o out/

      corporis motion series/ -o out/ --wall 120,131,22,34 --insertion 98,112 --level mid

      corporis motion virtual -o out/ --infarct 7,12
    """
    of_images = {"--wall": wall, "--insertion": insertion, "--level": level,
                 "--frame-ms": frame_ms, "--name": name}  # fmt: skip
    of_virtual = {"--infarct": infarct, "--snr": snr, "--shift": shift, "--seed": seed}
    if source == VIRTUAL and not Path(source).exists():
        for option in _given(of_images):
            raise BadInput(f"{option} is not for the virtual patient: leave it out")
        _virtual(output, infarct, snr, shift, seed)
        return
    for option in _given(of_virtual):
        raise BadInput(f"{option} is for the virtual patient: corporis motion virtual -o OUT")
    from corporis.workstation.motion import parsed_given, run_motion

    given = parsed_given(wall or [], insertion or [], level or [], frame_ms)
    with progress() as tell:
        found = run_motion(source, output, given=given, name=name, progress=tell)
    typer.echo(f"report: {found.report}")


def _given(options: Mapping[str, object]) -> list[str]:
    return [option for option, value in options.items() if value is not None]


def _virtual(output, infarct, snr, shift, seed) -> None:
    from corporis.workstation.motion_virtual import parsed_segments, run_virtual_motion

    segments = parsed_segments(infarct)
    chosen = {"snr": snr, "shift_mm": shift, "seed": seed}
    with progress() as tell:
        found = run_virtual_motion(
            output,
            segments,
            progress=tell,
            **{key: value for key, value in chosen.items() if value is not None},
        )
    table(
        [
            ("measure", "unit", "measured", "true"),
            *((m.name, m.unit, f"{m.value:8.2f}", m.note) for m in found.compared),
        ]
    )
    typer.echo(f"report: {found.report}")
