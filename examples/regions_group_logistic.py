"""
Which regions of a heart are ill
================================

Sixty hearts are described by four measures in each of 16 segments. In the ill half, segments 5 and
11 contract less. With ``q`` the weights of a logistic model, the sentence reads
``minimise loss(q) + l1 ||q||_1 + group sum_segments ||q_segment||``: whole segments are kept or
dropped, and stability selection says which of them would be kept again.
"""

import matplotlib.pyplot as plt
import numpy as np

from corporis.learning import SparseLogistic, stability_selection

random = np.random.default_rng(7)
n_hearts, n_segments, n_measures = 60, 16, 4
is_ill = np.arange(n_hearts) % 2 == 1
heart = random.standard_normal((n_hearts, 1, 1))
measures = 0.5 * heart + random.standard_normal((n_hearts, n_segments, n_measures))
measures[np.ix_(is_ill, [5, 11], [0, 1, 2])] -= 1.2
features = measures.reshape(n_hearts, -1)
segment = np.repeat(np.arange(n_segments), n_measures)

# %%
# The strength is a share of the one that would drop everything. The duality gap says how far the
# fit is from the best possible one.

model = SparseLogistic(l1=0.3, group=1.0, groups=segment, class_weight="balanced")
share = 0.55 * model.strongest(features, is_ill)
model.set_params(l1=0.3 * share, group=share).fit(features, is_ill)
print(f"{model.n_iter_} iterations, objective {model.objective_:.4f}, gap {model.gap_:.1e}")

# %%
# One fit may keep a segment by chance; a hundred fits to halves of the hearts do not.

stable = stability_selection(model, features, is_ill, n_subsamples=100, seed=0)
figure, axis = plt.subplots(figsize=(8, 3), layout="constrained")
axis.bar(np.arange(n_segments), stable.groups, color="0.7")
axis.bar([5, 11], stable.groups[[5, 11]], color="#c0392b", label="truly ill")
axis.axhline(0.8, color="0.3", ls="--", label="threshold")
axis.set(xlabel="segment", ylabel="selection frequency", xticks=np.arange(n_segments))
axis.legend()

print("kept:", np.flatnonzero(stable.groups >= 0.8))
assert model.gap_ < 1e-5
assert np.flatnonzero(stable.groups >= 0.8).tolist() == [5, 11]
