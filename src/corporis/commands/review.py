"""The command ``corporis review OUT``: nuclei corrected, and what that teaches."""

from pathlib import Path
from typing import Annotated

import typer


def review(
    folder: Annotated[Path, typer.Argument(help="A folder that `corporis nuclei` wrote.")],
    types: Annotated[
        list[str] | None,
        typer.Option("--set", help="NUMBER=TYPE, of your own naming; may be given again."),
    ] = None,
    delete: Annotated[
        list[int] | None, typer.Option(help="A number that is no nucleus; may be given again.")
    ] = None,
    add: Annotated[
        list[str] | None,
        typer.Option(help="X,Y or X,Y=TYPE, slide pixels, where one was missed; needs --slide."),
    ] = None,
    edited: Annotated[
        Path | None, typer.Option(help="GeoJSON that was edited and exported, as from QuPath.")
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Nuclei that are missing in --edited stay.")
    ] = False,
    filters: Annotated[
        bool, typer.Option("--filter", help="Take away also what is like the deleted.")
    ] = False,
    slide: Annotated[
        Path | None, typer.Option(help="The slide, where outlines are new and must be measured.")
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take the last step back first.")] = False,
) -> None:
    """Correct nuclei, learn from the corrections in seconds, and write all results anew.

    Numbers are those of nuclei.csv and of the names in nuclei.geojson. Every call is one step of
    the journal review.json. Types of your own are learned from a few examples of each; outlines
    drawn anew teach how wide outlines are. The error before and after, on corrections held out,
    stands in report.html.

    Example:

      corporis review out/ --set 12=lymphocyte --set 30=epithelial --delete 40

      corporis review out/ --edited edited.geojson --slide slide.svs

      corporis review out/ --undo
    """
    from corporis.cohorts.nuclei_review import Requests
    from corporis.workstation.nuclei_review import (
        parsed_labels,
        parsed_places,
        run_review,
        sentences,
    )

    requests = Requests(
        parsed_labels(types or ()),
        tuple(delete or ()),
        parsed_places(add or ()),
        edited,
        partial,
        filters,
    )
    found = run_review(folder, requests, slide=slide, is_undoing=undo)
    for line in sentences(found["review"]):
        typer.echo(line)
    typer.echo(f"{found['nuclei']} nuclei, step {found['review']['steps']}: {folder}")
