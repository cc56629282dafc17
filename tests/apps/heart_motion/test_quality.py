"""Tags that fade, tags that leave the plane, tags that stay."""

import numpy as np
import pytest

from corporis.apps.heart_motion.quality import TagQuality


def of(agreement, signal=None):
    agreement = np.asarray(agreement, dtype=float)[:, None]
    return TagQuality(agreement, np.ones(len(agreement)) if signal is None else np.array(signal))


def test_faded_tags_end_the_report():
    assert of([0.9, 0.8, 0.5, 0.2, 0.1, 0.05]).n_reported == 3
    assert of([0.9, 0.8, 0.2, 0.7, 0.8, 0.8]).n_reported == 6  # one frame is no end
    assert of([0.9, 0.8, 0.8, 0.2]).n_reported == 3
    both = TagQuality(np.array([[0.9, 0.9], [0.9, 0.2], [0.9, 0.1]]), np.ones(3))
    assert both.n_reported == 1  # one family is gone: motion along it is not known


def test_signal_that_returns_had_left_the_plane():
    signal = [1, 0.8, 0.5, 0.3, 0.3, 0.6, 0.8]
    assert of(np.ones(7), signal).leaves_plane == pytest.approx(0.375)
    assert of(np.ones(7), [1, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2]).leaves_plane is None
