"""A study: a short table of applications, run in order on one case."""

import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from corporis.interfaces import Application, Case, Report

PACKAGES = ("corporis", "numpy", "scipy", "onnxruntime", "scikit-image", "pydicom", "nibabel")


@dataclass(frozen=True)
class Study:
    """Applications that meet through the case: each reads what the ones before it added.

    Parameters
    ----------
    name : str
    steps : sequence of (str, Application)
        What is said while a step runs, and the application.

    Examples
    --------
    >>> Study("nothing", ())(Case("a"))[1]
    ()
    """

    name: str
    steps: Sequence[tuple[str, Application]]

    def __call__(
        self, case: Case, progress: Callable[[str, float], None] | None = None
    ) -> tuple[Case, tuple[Report, ...]]:
        """Run the steps; returns the enriched case and one report a step."""
        reports: list[Report] = []
        for number, (text, application) in enumerate(self.steps):
            if progress is not None:
                progress(text, number / max(len(self.steps), 1))
            report = application(case)
            reports.append(report)
            case = case.with_report(report)
        return case, tuple(reports)


@dataclass(frozen=True)
class Provenance:
    """What a result was made with: enough to make it again."""

    started: float

    @classmethod
    def start(cls) -> "Provenance":
        """Begin to count seconds."""
        return cls(time.perf_counter())

    def facts(self, case: Case, parameters: dict[str, Any]) -> dict[str, Any]:
        """Versions, parameters, the input's hash and the seconds so far."""
        return {
            "input": {
                "sha256": str(case.facts.get("source_hash", "")),
                "format": str(case.facts.get("format", "")),
                "files": int(case.facts.get("n_files", 0)),
            },
            "parameters": parameters,
            "versions": {
                "python": platform.python_version(),
                **{name: metadata.version(name) for name in PACKAGES},
            },
            "seconds": round(time.perf_counter() - self.started, 2),
        }
