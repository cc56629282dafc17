"""Histopathology: glands outlined, regions described, diagnosed cases like them found."""

from corporis.apps.histopathology.encoder import FeatureNetwork
from corporis.apps.histopathology.evidence import GlandEvidence, GlandMaps, rescaled
from corporis.apps.histopathology.features import ViewTable, describe
from corporis.apps.histopathology.glands import GlandSplitting
from corporis.apps.histopathology.index import CaseIndex, Entry
from corporis.apps.histopathology.model import IndexModel
from corporis.apps.histopathology.retrieval import CaseVote, ViewHashing, nearest_in_case
from corporis.apps.histopathology.search import Answer, Encoder, Match, learn, model_of, search
from corporis.apps.histopathology.topics import ViewTopics
from corporis.apps.histopathology.words import VisualWords, sift_descriptors

__all__ = [
    "Answer",
    "CaseIndex",
    "CaseVote",
    "Encoder",
    "Entry",
    "FeatureNetwork",
    "GlandEvidence",
    "GlandMaps",
    "GlandSplitting",
    "IndexModel",
    "Match",
    "ViewHashing",
    "ViewTable",
    "ViewTopics",
    "VisualWords",
    "describe",
    "learn",
    "model_of",
    "nearest_in_case",
    "rescaled",
    "search",
    "sift_descriptors",
]
