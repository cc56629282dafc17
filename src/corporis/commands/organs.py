"""What ``corporis organ`` runs for the organ that is asked for."""

from collections.abc import Callable
from functools import partial

from corporis import options
from corporis.errors import BadInput


def outlining(organ: str, gives_seg: bool) -> Callable:
    """The function that outlines an organ: ``run(source, output, weights, name=, progress=)``.

    Raises
    ------
    BadInput
        If there is none of this name, or it writes no DICOM SEG though that is asked for.
    """
    if organ == "chest":
        from corporis.workstation.organs import run_chest

        return partial(run_chest, gives_seg=gives_seg)
    if organ == "ct":
        from corporis.workstation.ct import run_ct

        return partial(run_ct, gives_seg=gives_seg)
    if organ != "hippocampus":
        raise BadInput(f"--organ: expected {options.ORGANS}, got {organ!r}")
    if gives_seg:
        raise BadInput(f"--seg: expected a radiograph or CT, got --organ {organ}: leave it out")
    from corporis.workstation.hippocampus import run_hippocampus

    return run_hippocampus
