"""The chain inside the scan on virtual hearts: causal image, outline, motion, latency.

The hearts are rendered on a finer raster than is reconstructed, with a slice that has thickness,
and measured with noise: not by the model that reconstructs them.
"""

import numpy as np

from corporis.apps.heart_shape import Border, PixelEvidence
from corporis.cohorts.live import LiveHeart
from corporis.deformables import warp
from corporis.phantoms import PlaneWaveCoils, VirtualHeart, random_heart
from corporis.phantoms.beating_kspace import BeatingKSpace
from corporis.phantoms.scanner import Scanner
from mri_rows.cases import lines, psnr
from mri_rows.related import best_frame_wise

SIDE, N_FRAMES = 192, 20


def jobs(n_hearts: int = 3):
    """Independent pieces of work: (function, arguments)."""
    return [(row, (seed, rate)) for seed in range(n_hearts) for rate in (4, 6)]


def row(seed, acceleration):
    """Gain over frame-wise TV tuned on the truth, overlap of outlines, and latency."""
    scanner = Scanner(side=SIDE, pixel_mm=1.6, n_frames=N_FRAMES, snr=20)
    uniform = PlaneWaveCoils(np.zeros((1, 2)), np.ones((1, 1)))
    heart = random_heart(np.random.default_rng(seed)) if seed else VirtualHeart()
    frames = list(BeatingKSpace(heart, scanner, coils=uniform, seed=seed).frames())
    labels = np.stack([f.labels for f in frames])
    truth = np.stack([np.abs(f.image) for f in frames])
    scale = truth.max()
    data = np.stack([f.data[0] for f in frames]) / scale
    shares = [(2 if k == 0 else 1) / acceleration for k in range(N_FRAMES)]
    masks = np.stack([lines((SIDE, SIDE), s, seed=k) for k, s in enumerate(shares)])
    live = LiveHeart(PixelEvidence.load(border=Border.BLOOD))
    moments = list(live.moments(data * masks, masks))
    truth = truth / scale
    _, alone = best_frame_wise((data * masks)[1:], masks[1:], truth[1:])
    ours = [psnr(m.image, t) for m, t in zip(moments[1:], truth[1:], strict=True)]
    carried = [
        overlap(warp((labels[k - 1] == 1) * 1.0, moments[k].motion) > 0.5, labels[k] == 1)
        for k in range(1, N_FRAMES)
    ]
    still = [overlap(labels[k - 1] == 1, labels[k] == 1) for k in range(1, N_FRAMES)]
    found = {"heart": seed, "acceleration": acceleration}
    found["gain_db"] = float(np.mean(ours)) - alone
    found["cavity_dice"] = float(
        np.mean([overlap(m.labels == 1, x == 1) for m, x in zip(moments, labels, strict=True)])
    )
    found["muscle_dice"] = float(
        np.mean([overlap(m.labels == 2, x == 2) for m, x in zip(moments, labels, strict=True)])
    )
    found["motion_dice"], found["still_dice"] = float(np.mean(carried)), float(np.mean(still))
    found["latency_s"] = float(np.median([m.latency_s for m in moments]))
    return ("chain", found)


def overlap(a, b) -> float:
    """Dice."""
    return float(2 * np.sum(a & b) / max(np.sum(a) + np.sum(b), 1))


def figures(rows) -> dict:
    """Means over the hearts."""
    mine = [r for kind, r in rows if kind == "chain"]

    def mean(key):
        return float(np.mean([r[key] for r in mine])) if mine else None

    return {
        "chain_gain_db": mean("gain_db"),
        "chain_cavity_dice": mean("cavity_dice"),
        "chain_muscle_dice": mean("muscle_dice"),
        "chain_latency_s": mean("latency_s"),
    }
