"""The command line: ``corporis heart INPUT -o OUT`` and its companions.

Nothing heavy is imported before a command runs, so that ``--help`` answers at once. What goes
wrong on purpose (`CorporisError`) is one line and its own exit code; anything else is one line
and exit code 1, or the whole traceback with ``--debug``.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from corporis import __version__, options
from corporis.commands import learn, motion, repair, review, slides, training
from corporis.errors import BadInput, CorporisError
from corporis.terminal import end_as_interrupted, notes, progress, table

app = typer.Typer(
    name="corporis",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
INTERRUPTED = 130
app.add_typer(training, name="train", rich_help_panel="Learning")
app.add_typer(slides, name="slides", rich_help_panel="Studies")
app.command(rich_help_panel="Learning")(learn)
app.command("motion", rich_help_panel="Studies")(motion)
app.command(rich_help_panel="Studies")(review)


def _version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"corporis {__version__}")
        raise typer.Exit


@app.callback()
def corporis(
    shows_version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
    is_debug: Annotated[
        bool, typer.Option("--debug", help="Show the whole traceback of an unexpected error.")
    ] = False,
) -> None:
    """Model-based analysis of medical images: learning, sparsity and deformable models.

    For research; not a medical device.
    """


@app.command(rich_help_panel="Studies")
def heart(
    source: options.Cine,
    output: options.Output,
    name: options.Label = None,
    series: options.Series = None,
    weights: options.HeartWeights = None,
    border: options.CavityBorder = "expert",
    motion: options.Motion = True,
) -> None:
    """Outline, rebuild, measure, judge and explain a beating heart from cine MRI.

    Leaves report.html, report.json, meshes (VTP with a .pvd), masks (NIfTI) and a CSV of
    measures in the output folder, and the report of its motion in motion/: by tags or DENSE
    where they lie beside the cine, else by the cine itself.

    Examples:

      corporis heart study/ -o out/

      corporis heart cine.nii.gz -o out/ --name case-7
    """
    from corporis.apps.heart_shape.evidence import Border
    from corporis.workstation.heart import run_heart

    if border not in list(Border):
        raise BadInput(f"--border: expected expert or blood, got {border!r}")
    with progress() as tell:
        found = run_heart(
            source,
            output,
            name=name,
            series=series,
            weights=weights,
            border=Border(border),
            follows_motion=motion,
            progress=tell,
        )
    typer.echo(f"report: {found.report}")


@app.command(rich_help_panel="Studies")
def mri(
    source: options.Scan,
    output: options.Output,
    method: options.Prior = "patches",
    mask: options.Mask = None,
    maps: options.Maps = None,
    reference: options.Reference = None,
    weight: options.Strength = None,
    noise: options.NoiseLevel = None,
    iterations: options.Iterations = None,
    sets: options.MapSets = None,
    coils: options.CoilCount = None,
    noise_map: options.NoiseMap = False,
    rad_s_per_cm: options.PhaseOfVelocity = None,
    symmetry: options.Symmetry = True,
    matrix: options.Matrix = None,
    shift: options.Shift = None,
    axes: options.Axes = None,
    variable: options.Variable = None,
    name: options.Label = None,
) -> None:
    """Reconstruct MR images from undersampled k-space, and say what was minimised.

    Leaves report.html, report.json, reconstruction.nii.gz, phase.nii.gz, measures.csv and, where
    the input says where the image lies, DICOM in the output folder.

    Examples:

      corporis mri scan.h5 -o out/

      corporis mri brain.cfl -o out/ --mask mask.npy --method tv --reference full.nii.gz

      corporis mri aorta.mat -o out/ --rad-s-per-cm 1.0992

      corporis mri cine.h5 -o out/ --method causal

      corporis mri cine.npy -o out/ --axes frame,row,column --method causal

      corporis mri half.h5 -o out/ --matrix 512 512 --shift 0.5 0.5
    """
    from corporis.workstation.mri import application, run_mri

    chosen = application(
        method,
        weight,
        noise,
        iterations,
        sets,
        coils,
        rad_s_per_cm,
        noise_map,
        symmetry,
        matrix,
        shift,
    )
    files = {"mask": mask, "maps": maps, "reference": reference}
    with progress() as tell:
        found = run_mri(
            source,
            output,
            chosen,
            axes=None if axes is None else [a.strip() for a in axes.split(",")],
            variable=variable,
            name=name,
            progress=tell,
            **files,
        )
    typer.echo(f"report: {found.report}")


@app.command(rich_help_panel="Studies")
def live(
    source: options.Scan,
    output: options.Output,
    mask: options.Mask = None,
    variable: options.Variable = None,
    name: options.Label = None,
) -> None:
    """Reconstruct, outline and follow a beating heart while the scan runs, frame by frame.

    Takes k-space of one short-axis slice and one coil, with frames; no frame waits for a later
    one. Leaves report.html, report.json, measures.csv and, as NIfTI, the images, the outlines and
    the motion from frame to frame in the output folder.

    Examples:

      corporis live cine.npy -o out/ --mask mask.npy
    """
    from corporis.workstation.live import run_live

    with progress() as tell:
        found = run_live(source, output, mask=mask, variable=variable, name=name, progress=tell)
    typer.echo(f"report: {found.report}")


@app.command(rich_help_panel="Studies")
def demo(output: options.Output) -> None:
    """Run the heart study on a real heart and on a virtual one whose truth is known.

    Example:

      corporis demo -o out/
    """
    from corporis.workstation.demo import run_real_heart, run_virtual_heart

    with progress() as tell:
        real = run_real_heart(output / "real-heart", progress=tell)
    with progress() as tell:
        virtual, compared = run_virtual_heart(output / "virtual-heart", progress=tell)
    typer.echo("the virtual heart, measured against its truth")
    table(
        [
            ("measure", "unit", "measured", "true", "error"),
            *(
                (c.name, c.unit, f"{c.measured:8.1f}", f"{c.truth:6.1f}", f"{c.error:+.1f}")
                for c in compared
            ),
        ]
    )
    typer.echo(f"real heart:    {real.report}")
    typer.echo(f"virtual heart: {virtual.report}")


@app.command(rich_help_panel="Data")
def info(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A file or a folder of images.")],
) -> None:
    """Say what images a file or folder holds, without the patient's identity.

    Example:

      corporis info study/
    """
    from corporis.imaging import describe, read

    table(describe(read(path, pictures=True)))


@app.command(rich_help_panel="Studies")
def nuclei(
    source: options.SlideFile,
    output: options.Output,
    weights: Annotated[
        Path | None, typer.Option(help="A folder that `corporis train nuclei` wrote.")
    ] = None,
    um_per_px: options.PixelSize = None,
    side: Annotated[int, typer.Option(min=64, help="Of a tile, pixels: bounds the memory.")] = 1024,
    stain: options.Stain = "he",
    overlaps: Annotated[
        bool, typer.Option("--overlaps", help="Smears, thick sections: part nuclei in layers.")
    ] = False,
    name: options.Label = None,
) -> None:
    """Outline, measure and count every nucleus of a slide.

    Leaves report.html, nuclei.geojson (opens in QuPath), nuclei.csv (with the extra parquet also
    nuclei.parquet), labels.tif (each pixel the number of its nucleus) and nuclei.json in the output
    folder. Started again after it was killed, it goes on where it stopped.

    Example:

      corporis nuclei slide.svs -o out/

      corporis nuclei slide.svs -o out/ --weights weights/

      corporis nuclei ki67.tif -o out/ --stain ihc

      corporis nuclei dapi.tif -o out/ --stain fluorescence
    """
    from corporis.workstation.nuclei import run_nuclei

    with progress() as tell:
        found = run_nuclei(
            source,
            output,
            weights,
            um_per_px=um_per_px,
            side=side,
            stain=stain,
            is_layered=overlaps,
            name=name,
            tell=lambda line: typer.echo(line, err=True),
            progress=tell,
        )
    if found["um_per_px"] is None:
        typer.echo("scale unknown: searched as it is; give --um-per-px to search at 40x")
    if "positive_fraction" in found:
        typer.echo(f"positive: {100 * found['positive_fraction']:.1f} %")
    typer.echo(f"{found['nuclei']} nuclei: {output / 'report.html'}")


@app.command(rich_help_panel="Studies")
def organ(
    source: options.Radiograph,
    output: options.Output,
    weights: options.Weights,
    organ: options.Organ = "chest",
    name: options.Label = None,
    seg: options.DicomSeg = False,
) -> None:
    """Outline and measure organs, and say which outlines are not to be relied upon.

    Leaves report.html, report.json, measures.csv, masks or labels (NIfTI), surfaces of volumes
    (VTP) and the radiograph in the output folder. Edit a radiograph's masks, and `corporis learn
    out/` learns from them.

    Examples:

      corporis organ chest.dcm -o out/ --weights weights/

      corporis organ chest.dcm -o out/ --weights weights/ --seg

      corporis organ crop.nii.gz -o out/ --organ hippocampus --weights weights/

      corporis organ abdomen.nii.gz -o out/ --organ ct --weights weights/

      corporis organ series/ -o out/ --organ ct --weights weights/ --seg
    """
    from corporis.commands.organs import outlining

    run = outlining(organ, seg)
    with progress() as tell:
        found = run(source, output, weights, name=name, progress=tell)
    notes(found.warnings)
    typer.echo(f"report: {found.report}")


app.command(rich_help_panel="Studies")(repair)


@app.command(rich_help_panel="Data")
def version() -> None:
    """Print the version."""
    _version(True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command line and leave the process with its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Raises
    ------
    SystemExit
        Always: 0 when the job was done, 2 for bad input, 130 after Ctrl-C, 1 for a defect.
    """
    if arguments is None:
        end_as_interrupted()
    given = list(sys.argv[1:] if arguments is None else arguments)
    # --debug is understood anywhere on the line, not only before the command
    is_debug = "--debug" in given
    given = [word for word in given if word != "--debug"]
    try:
        left = app(given, prog_name="corporis", standalone_mode=False)
    except Exception as error:
        if is_debug:
            raise
        _leave(*_said(error))
    if left == INTERRUPTED:
        _leave("interrupted; nothing half-written was left", INTERRUPTED)
    raise SystemExit(left or 0)


def _said(error: Exception) -> tuple[str, int]:
    """What a person is told of an error, in one line, and the exit code."""
    if isinstance(error, CorporisError):
        return f"error: {error}", error.exit_code
    if hasattr(error, "format_message"):  # of the command line's parser, words that it cannot use
        path = getattr(getattr(error, "ctx", None), "command_path", "corporis")
        words = error.format_message().rstrip(".")
        # called without a word: the help was printed, and there is nothing to add
        bare = type(error).__name__ == "NoArgsIsHelpError"
        return ("" if bare else f"error: {words}: see {path} --help"), 2
    if isinstance(error, OSError) and error.strerror:
        where = f"{Path(str(error.filename)).name[:80]}: " if error.filename else ""
        return f"error: {where}{error.strerror.lower()}: give another path, or make room", 2
    return (
        f"unexpected error: {type(error).__name__}: {error}; the same command with --debug "
        "shows where it happened",
        1,
    )


def _leave(message: str, code: int) -> None:
    if message:
        print("corporis: " + " ".join(message.split()), file=sys.stderr)
    raise SystemExit(code)
