from .study import Provenance, Study

__all__ = [
    "Provenance",
    "Study",
]
