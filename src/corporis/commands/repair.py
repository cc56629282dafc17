"""The command ``corporis repair MASK``: a mask mended by what organs of its kind look like."""

import typer

from corporis import options
from corporis.terminal import notes, progress


def repair(
    source: options.MaskFile,
    output: options.Output,
    organ: options.OrganName,
    shapes: options.SoundMasks = None,
    model: options.RepairModel = None,
    image: options.MaskImage = None,
    label: options.MaskLabels = None,
    name: options.Label = None,
) -> None:
    """Mend a mask with holes, leaks, missing or extra parts by what organs of its kind look like.

    Leaves report.html, report.json, measures.csv, the mended mask, what was overruled, how
    probably each voxel is the organ's, and the distances that were expected (NIfTI) in the output
    folder. With the image, what it supports is kept though no sound organ has it, as a tumour.
    Learning takes minutes; with --model it is done once, and again when the shapes change.

    Examples:

      corporis repair mask.nii.gz -o out/ --organ kidney --shapes kidneys/ --model kidneys.npz

      corporis repair other.nii.gz -o out2/ --organ kidney --model kidneys.npz

      corporis repair case.npz -o out3/ --organ kidney --model kidneys.npz --label 1 --label 2
    """
    from corporis.workstation.repair import run_repair

    with progress() as tell:
        found = run_repair(
            source,
            output,
            organ,
            shapes,
            model=model,
            image=image,
            labels=label or (),
            name=name,
            progress=tell,
        )
    typer.echo(found.note)
    notes(found.warnings)
    typer.echo(f"report: {found.report}")
