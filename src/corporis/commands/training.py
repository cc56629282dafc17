"""The commands ``corporis train ...``: what studies have learned, made from one's own data."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from corporis import options
from corporis.errors import BadInput
from corporis.terminal import progress

training = typer.Typer(help="Train what a study has learned, from your own data.")


@training.command("heart")
def train_heart(
    data: Annotated[Path, typer.Option(help="Folder in the layout of the Sunnybrook set.")],
    output: options.Output,
) -> None:
    """Train the heart study's networks, shape dictionary and diagnosis anew (needs torch).

    Example:

      corporis train heart --data sunnybrook/ -o weights/
    """
    from corporis.cohorts.training import train_heart as train

    with progress() as tell:
        train(data, output, progress=tell)
    typer.echo(f"weights: {output}")


@training.command("nuclei")
def train_nuclei(
    data: Annotated[Path, typer.Option(help="Images with *_instances.png or *_semantic.png.")],
    output: options.Output,
    steps: Annotated[int, typer.Option(min=1, help="Of optimisation, 0.25 s each.")] = 4500,
    generated: Annotated[
        int, typer.Option(min=0, help="Images of generated tissue to learn from besides.")
    ] = 0,
) -> None:
    """Train the network that outlines nuclei, from labelled images at 40x (needs torch).

    Example:

      corporis train nuclei --data images/ -o weights/
    """
    from corporis.apps.nuclei.training import Schedule
    from corporis.cohorts.nuclei import train_nuclei as train

    with progress() as tell:
        n_images = train(
            data, output, n_generated=generated, schedule=Schedule(steps), progress=tell
        )
    typer.echo(f"learned from {n_images} images: {output}")


@training.command("organ")
def train_organ(
    data: options.Outlined,
    output: options.Output,
    organ: options.Organ = "chest",
    steps: options.Steps = None,
    replay: options.Replay = 0,
) -> None:
    """Train what outlines organs from your own copy of the data (needs torch).

    Examples:

      corporis train organ --organ chest --data shapes/ -o weights/

      corporis train organ --organ hippocampus --data brain/hippocampus/ -o weights/

      corporis train organ --organ ct --data shapes/ -o weights/
    """
    from functools import partial

    train: Callable
    schedule: Any
    if organ == "chest":
        from corporis.apps.organs.radiograph_training import Schedule
        from corporis.cohorts.organs import train_chest

        train, schedule = partial(train_chest, n_replay=replay), Schedule
    elif organ == "hippocampus":
        from corporis.apps.organs import hippocampus_training
        from corporis.cohorts.hippocampi import train_hippocampus

        train, schedule = train_hippocampus, hippocampus_training.Schedule
    elif organ == "ct":
        from corporis.apps.organs import ct_training
        from corporis.cohorts.trunks import train_ct

        train, schedule = train_ct, ct_training.Schedule
    else:
        raise BadInput(f"--organ: expected {options.ORGANS}, got {organ!r}")
    if replay and organ != "chest":
        raise BadInput(f"--replay: expected with --organ chest, got {organ}: leave it out")
    given = schedule() if steps is None else schedule(steps)
    with progress() as tell:
        n_subjects = train(data, output, schedule=given, progress=tell)
    typer.echo(f"learned from {n_subjects} subjects: {output}")
    if replay:
        typer.echo(f"{output} holds radiographs to replay: treat it as patients' images")
