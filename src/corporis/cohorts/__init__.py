"""Many cases, and studies of one: applications in a row, their files, and what made them."""

from corporis.cohorts.study import Provenance, Study

__all__ = ["Provenance", "Study"]
