"""Arguments and options of the command line, each with its words of help."""

from pathlib import Path
from typing import Annotated

import typer

Output = Annotated[
    Path,
    typer.Option("--output", "-o", help="Folder for all that is written; made if absent."),
]

Label = Annotated[
    str | None, typer.Option(help="A neutral label for the case; never a patient's name.")
]
Scan = Annotated[
    Path,
    typer.Argument(
        metavar="INPUT", help="k-space: ISMRMRD or fastMRI (.h5), BART (.cfl), .mat, .npy or .npz."
    ),
]
Mask = Annotated[
    Path | None,
    typer.Option(
        help="Samples to use: 0 and one other value; rows and columns, and frames if they differ."
    ),
]
Axes = Annotated[
    str | None,
    typer.Option(
        help="What the axes of an array mean, in its order, as in frame,coil,row,column; by "
        "default guessed: coils before rows and columns."
    ),
]
Variable = Annotated[
    str | None, typer.Option(help="Name of the array, in a file that holds several.")
]
Prior = Annotated[
    str,
    typer.Option(
        metavar="METHOD",
        help="What is known about the image besides its samples. One plane: patches, dictionary, "
        "tv, tv-wavelet, tree, least-squares, zero-fill. Frames: low-rank, local-low-rank, "
        "kt-sparse, and of one coil causal. Contrasts of one coil: joint, forest.",
    ),
]
Strength = Annotated[
    float | None, typer.Option(help="Of tv, tv-wavelet and tree; by default found from the data.")
]
NoiseLevel = Annotated[
    float | None,
    typer.Option(
        help="Of patches and dictionary, share of the brightest; by default found from the data."
    ),
]
Maps = Annotated[
    Path | None, typer.Option(help="Coil sensitivities; by default they are calibrated.")
]
Reference = Annotated[
    Path | None, typer.Option(help="An image of the same size, to measure the error.")
]
Iterations = Annotated[int | None, typer.Option(help="By default the method's own.")]
MapSets = Annotated[
    int | None, typer.Option(help="Sets of coil maps, 1 or 2; by default as needed.")
]
CoilCount = Annotated[int | None, typer.Option(help="Compress to so many coils.")]
NoiseMap = Annotated[
    bool, typer.Option("--noise-map", help="Also how the pattern amplifies noise (g-factor).")
]
PhaseOfVelocity = Annotated[
    float | None, typer.Option(help="Phase of one cm/s: velocity of all planes against the first.")
]
Symmetry = Annotated[
    bool,
    typer.Option(
        help="Partial Fourier: conjugate symmetry, where it predicts held-back samples better."
    ),
]
Matrix = Annotated[
    tuple[int, int] | None,
    typer.Option(help="Rows and columns of the image, by zero-fill interpolation."),
]
Shift = Annotated[
    tuple[float, float] | None,
    typer.Option(
        help="Move the image down and right by so many of the scan's pixels, or parts of them; "
        "the field of view stays."
    ),
]
Radiograph = Annotated[
    Path,
    typer.Argument(
        metavar="IMAGE",
        help="A radiograph (DICOM, NIfTI, PNG, JPEG); an MR crop round one hippocampus (NIfTI, "
        "DICOM, npz with image and affine); or a CT scan of the trunk (NIfTI, DICOM).",
    ),
]
Weights = Annotated[Path, typer.Option(help="A folder that `corporis train organ` wrote.")]
ORGANS = "chest, hippocampus or ct"
Organ = Annotated[
    str,
    typer.Option(
        metavar="[chest|hippocampus|ct]",
        help="Lungs, heart and clavicles in a radiograph; a hippocampus in an MR crop; or liver, "
        "lungs and kidneys in CT.",
    ),
]
MaskFile = Annotated[
    Path,
    typer.Argument(
        metavar="MASK", help="A mask (NIfTI, or npz with mask and spacing or affine), 0 outside."
    ),
]
MaskLabels = Annotated[
    list[int] | None,
    typer.Option(
        "--label", min=1, help="The organ's, where the mask holds several; may be given again."
    ),
]
OrganName = Annotated[
    str, typer.Option("--organ", help="Its name, such as kidney, liver, hippocampus.")
]
SoundMasks = Annotated[
    Path | None,
    typer.Option(
        "--shapes",
        help="Folder with masks (NIfTI, npz) or surfaces (npz with vertices in mm, RAS+, and "
        "faces) of sound organs.",
    ),
]
RepairModel = Annotated[
    Path | None,
    typer.Option(
        "--model",
        metavar="FILE.npz",
        help="Keeps what was learned from the shapes, to be used again with or without them.",
    ),
]
MaskImage = Annotated[
    Path | None,
    typer.Option("--image", help="The scan in which the mask was drawn, with the same voxels."),
]
Outlined = Annotated[
    Path,
    typer.Option(
        "--data",
        help="Folder in the layout of the JSRT/SCR set; MR crops (npz: image, label, affine); or, "
        "for CT, a folder with liver_meshes (npz: vertices, faces) and kidney_masks (npz: mask, "
        "spacing).",
    ),
]
Steps = Annotated[
    int | None,
    typer.Option("--steps", min=1, help="Of optimisation, 0.2 to 0.4 s each; by default enough."),
]
Replay = Annotated[
    int,
    typer.Option(
        min=0,
        help="Radiographs kept in the output (patients' images), for `corporis learn` to replay.",
    ),
]
DicomSeg = Annotated[
    bool,
    typer.Option(
        "--seg",
        help="Also organs.dcm (DICOM SEG), which names the patient as the DICOM source does.",
    ),
]
Cine = Annotated[
    Path, typer.Argument(metavar="INPUT", help="A DICOM or npz folder, a NIfTI or npz file.")
]
Series = Annotated[
    str | None, typer.Option(help="The short-axis series, where `corporis info` lists several.")
]
HeartWeights = Annotated[
    Path | None, typer.Option("--weights", help="A folder that `corporis train heart` wrote.")
]
CavityBorder = Annotated[
    str,
    typer.Option(
        "--border",
        metavar="[expert|blood]",
        help="Where the left cavity ends: as experts draw it, or where blood meets muscle.",
    ),
]
SlideFile = Annotated[
    Path, typer.Argument(metavar="SLIDE", help="A slide (SVS, OME-TIFF, DICOM) or a plain image.")
]
PixelSize = Annotated[
    float | None, typer.Option(help="Micrometres per pixel, where the file does not say.")
]
Stain = Annotated[
    str,
    typer.Option(
        metavar="[he|ihc|fluorescence]",
        help="Haematoxylin and eosin; with brown (diaminobenzidine), for the positive fraction; "
        "or nuclei that glow on a dark ground.",
    ),
]

Motion = Annotated[
    bool, typer.Option(help="Whether the muscle is followed through the beat: its strain.")
]
