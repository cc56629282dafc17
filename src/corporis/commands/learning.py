"""The command ``corporis learn``: corrected outlines taken, evidence revised, all on record."""

from pathlib import Path
from typing import Annotated

import typer

from corporis.errors import BadInput
from corporis.imaging.guard import shown
from corporis.terminal import progress, table

Corrections = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="CORRECTED...",
        help="Folders of `corporis organ` with edited masks; or NAME_mask.png beside NAME.png.",
    ),
]
LearnedWeights = Annotated[
    Path, typer.Option(help="A folder that `corporis train organ` wrote; revised in place.")
]
Copy = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Learn in a copy of the weights; they stay as they are."),
]
OldData = Annotated[
    Path | None,
    typer.Option(
        "--data", help="Earlier radiographs to replay (as for training); by default those kept."
    ),
]
Approved = Annotated[
    list[str] | None,
    typer.Option("--approve", help="A case that was held back and is right; may be given again."),
]
Keep = Annotated[
    bool,
    typer.Option(
        "--keep",
        help="Keep these radiographs (patients' images) in the weights' folder, to replay.",
    ),
]
Who = Annotated[str | None, typer.Option(help="Who corrected; by default the account's name.")]
Undo = Annotated[bool, typer.Option("--undo", help="Take the last step back.")]
Listing = Annotated[bool, typer.Option("--list", help="Show all steps on record.")]
Asked = Annotated[
    Path | None,
    typer.Option("--ask", metavar="FOLDER", help="Say which radiograph there to correct next."),
]


def learn(
    weights: LearnedWeights,
    corrected: Corrections = None,
    output: Copy = None,
    data: OldData = None,
    approve: Approved = None,
    keep: Keep = False,
    who: Who = None,
    undo: Undo = False,
    listing: Listing = False,
    ask: Asked = None,
) -> None:
    """Learn from corrected outlines of radiographs, in about a minute (needs torch).

    Outlines enter the shapes, unless they are unlike all known ones; the network is revised while
    old radiographs are replayed, and left as it was where these would lose. Errors before and after
    are printed. Every call is on record in learning.jsonl, and every step can be undone.

    Examples:

      corporis organ chest.dcm -o out/ --weights weights/     (then edit the masks in out/)

      corporis learn out/ --weights weights/ --data shapes/

      corporis learn --weights weights/ --ask radiographs/

      corporis learn --weights weights/ --undo
    """
    jobs = [bool(corrected or approve), undo, listing, ask is not None]
    if sum(jobs) != 1:
        raise BadInput(
            "expected one of corrected outlines, --undo, --list and --ask FOLDER: see corporis "
            "learn --help"
        )
    if undo:
        from corporis.cohorts.chest_lessons import undo_chest

        typer.echo(f"step {undo_chest(weights, who)} was undone: {weights}")
    elif listing:
        _list(weights)
    elif ask is not None:
        _ask(ask, weights)
    else:
        _learn(corrected or [], weights, output, data, approve or [], keep, who)


def _learn(corrected, weights, output, data, approve, keep, who) -> None:
    from corporis.cohorts.chest_lessons import learn_chest, learn_in_copy
    from corporis.commands.lesson_words import sentences

    words = {"data": data, "approve": approve, "keeps_images": keep, "who": who}
    with progress() as tell:
        if output is None:
            found = learn_chest(corrected, weights, progress=tell, **words)
        else:
            found = learn_in_copy(corrected, weights, output, progress=tell, **words)
    for line in sentences(found, output or weights):
        typer.echo(line)
    if found.step is None:
        raise BadInput("nothing was learned, which is on record: no outlines look like a chest")


def _list(weights) -> None:
    from corporis.cohorts.ledger import Ledger
    from corporis.commands.lesson_words import listed

    if not weights.is_dir():
        raise BadInput(
            f"{shown(weights)}: expected a folder of weights, got "
            f"{'a file' if weights.exists() else 'nothing there'}: give one that learns"
        )
    rows = listed(Ledger(weights))
    if len(rows) == 1:
        typer.echo(f"{weights}: nothing was learned since the training")
    else:
        table(rows)


def _ask(folder, weights) -> None:
    from corporis.cohorts.chest_wishes import ask_chest

    with progress() as tell:
        wishes = ask_chest(folder, weights, tell)
    table(
        [
            ("correct next", "expected overlap", "because"),
            *((wish.file, f"{wish.overlap:.3f}", wish.reason) for wish in wishes),
        ]
    )
