"""A fitted way of hashing as plain arrays, and back."""

from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from corporis.learning import PosteriorHashing

_LEARNED: tuple[str, ...] = (
    "anchors_", "sigma_", "feature_mean_", "feature_scale_", "kernel_scale_", "mean_", "classes_",
    "usual_closeness_", "axes_", "looks_scale_", "posterior_mean_", "projections_",
)  # fmt: skip
_OF_GROUPS = ("group_names_", "groups_", "sigmas_", "kernel_weights_", "kernel_shares_")


def hashing_arrays(hashing: PosteriorHashing) -> dict[str, Any]:
    """All that `transform` needs, by name."""
    names = _LEARNED if hashing.groups is None else _LEARNED + _OF_GROUPS
    return {
        "knobs": np.array([hashing.width, hashing.power, hashing.likeness]),
        "coef": hashing.classifier_.coef_,
        "intercept": hashing.classifier_.intercept_,
        **{name: np.asarray(getattr(hashing, name)) for name in names},
    }


def hashing_of(arrays) -> PosteriorHashing:
    """What `hashing_arrays` was given; other arrays among them are not looked at."""
    width, power, likeness = map(float, arrays["knobs"])
    n_bits, groups, names = arrays["projections_"].shape[1], None, _LEARNED
    if "groups_" in arrays:
        groups, names = arrays["group_names_"][arrays["groups_"]].tolist(), _LEARNED + _OF_GROUPS
    hashing = PosteriorHashing(n_bits, width=width, power=power, likeness=likeness, groups=groups)
    for name in names:
        setattr(hashing, name, arrays[name] if arrays[name].ndim else arrays[name].item())
    hashing.n_features_in_ = arrays["anchors_"].shape[1]
    classifier = LogisticRegression()
    classifier.coef_, classifier.intercept_ = arrays["coef"], arrays["intercept"]
    classifier.classes_ = hashing.classes_
    classifier.n_features_in_ = classifier.coef_.shape[1]
    hashing.classifier_ = classifier
    return hashing
