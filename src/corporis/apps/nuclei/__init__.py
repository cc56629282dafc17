"""Nuclei in microscopy: stains told apart, every nucleus found, outlined, typed and counted."""

from corporis.apps.nuclei.evidence import NucleusEvidence, NucleusMaps

__all__ = ["NucleusEvidence", "NucleusMaps"]
