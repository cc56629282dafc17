"""Applications: each turns a `Case` into a `Report`, and none knows another.

Import them by their own name, ``from corporis.apps.heart_shape import HeartShape``; a study in
`corporis.cohorts` runs several of them in order on one case.
"""

__all__: list[str] = []
