"""What a command shows while it works and when it is done: progress, tables; how it is ended."""

import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import typer

Progress = Callable[[str, float], None]


def table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in aligned columns, the last one free."""
    n_columns = max(len(row) for row in rows)
    widths = [max(len(row[i]) for row in rows if i < len(row)) for i in range(n_columns - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        typer.echo("  ".join([*cells, *row[len(widths) :]]).rstrip())


def notes(lines: Sequence[str]) -> None:
    """Print what a person should know about a result, a line each."""
    for line in lines:
        typer.echo(f"note: {line}")


@contextmanager
def progress(every_s: float = 30.0) -> Iterator[Progress]:
    """Show steps and their share of the work on stderr: a bar for people, lines for a log.

    Parameters
    ----------
    every_s : float
        Seconds between two lines of one step in a log, >= 0.
    """
    if not sys.stderr.isatty():
        said: dict[str, float] = {}

        def report(step: str, fraction: float) -> None:
            now = time.monotonic()
            if step not in said or now - said[step] >= every_s:
                said[step] = now
                print(f"{fraction:4.0%} {step}", file=sys.stderr, flush=True)

        yield report
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    columns = (BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
    with Bar(*columns, TextColumn("{task.description}"), console=console, transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda step, fraction: bar.update(task, description=step, completed=fraction)


def end_as_interrupted() -> None:
    """A batch system that ends a job, and a terminal that is closed, are answered as Ctrl-C is.

    Nothing half-written is left then. A signal that is ignored, as after nohup, stays so.
    """
    for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
