"""A small network that knows drawn chests, in a folder of weights, to learn lessons on."""

from dataclasses import replace

import numpy as np

from apps.organs.chest import masks, radiograph, shapes
from corporis.apps.organs import radiograph_lessons
from corporis.apps.organs.radiograph_lessons import Effort
from corporis.apps.organs.radiograph_training import Radiograph, Schedule, train_evidence
from corporis.cohorts import chest_given
from corporis.cohorts.chest_dictionary import FILE_NAME as SHAPES
from corporis.cohorts.replay import write_replay
from corporis.learning import UNet

SMALL = UNet(1, 5, (12, 16, 16), fold=4, gives_probabilities=False)
train_small = replace(train_evidence, network=SMALL)
BRIEF = Effort(n_steps=3, n_new=1, n_old=1)


def known(seed):
    image, inside = radiograph(seed), masks(seed)
    return Radiograph(image.astype(np.float32), inside.astype(np.float32))


def use_small_network(patch):
    """The application's network is a small one, and two old radiographs are measured.

    It knows little, and agrees with nobody: what is held back for that is a test of its own.
    """
    patch.setattr(chest_given, "MOST_ERROR", 0.99)
    patch.setattr(radiograph_lessons, "NETWORK", SMALL)
    patch.setattr(radiograph_lessons, "MOST_MEASURED", 2)


def weights(folder):
    """Weights that 40 outlines and ten radiographs made, which stay for replay."""
    cases = [known(seed) for seed in range(10)]
    train_small(cases, schedule=Schedule(150, 2)).save(folder)
    np.savez(folder / SHAPES, **{o.replace(" ", "_"): s for o, s in shapes(40).items()})
    write_replay(folder, cases)
    return folder
