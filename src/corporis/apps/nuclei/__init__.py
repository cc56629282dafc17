"""Nuclei in microscopy: stains told apart, every nucleus found, outlined, typed and counted."""

from corporis.apps.nuclei.classical import ClassicalNuclei
from corporis.apps.nuclei.classifier import NucleusClassifier
from corporis.apps.nuclei.evidence import NucleusEvidence, NucleusMaps
from corporis.apps.nuclei.features import NucleusTable, measure
from corporis.apps.nuclei.splitting import CentreVoting
from corporis.apps.nuclei.whole_slide import WholeSlide
from corporis.imaging.stain import Stains, macenko, normalise, sparse_stains

__all__ = [
    "CentreVoting",
    "ClassicalNuclei",
    "NucleusClassifier",
    "NucleusEvidence",
    "NucleusMaps",
    "NucleusTable",
    "Stains",
    "WholeSlide",
    "macenko",
    "measure",
    "normalise",
    "sparse_stains",
]
