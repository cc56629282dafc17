"""Several coils: a full scan undersampled, and undersampled scans that judge themselves."""

from pathlib import Path

import numpy as np

from corporis.apps.mri import Method, PatchPrior, encode, reconstruct
from corporis.apps.mri.held_back import split
from corporis.errors import CorporisError
from corporis.imaging import read_kspace
from corporis.operators import Cartesian
from mri_rows.cases import back, poisson_disc
from mri_rows.rivals import bart_best, has_bart

PATTERNS = ("r4", "r6", "lines3", "half")
KINDS = (("nrmse", ""), ("bart", "_bart"), ("tv", "_tv"), ("no_symmetry", "_no_symmetry"))
HELD = 0.15
BODY = 0.12


def jobs(folder: Path, with_rivals: bool):
    """Independent pieces of work: (function, arguments)."""
    found = []
    for path in scans(folder):
        try:
            kspace = read_kspace(path)
        except CorporisError:
            continue
        if kspace.n_coils < 2 or kspace.data.ndim != 3:
            continue
        data = np.asarray(kspace.data)
        if kspace.mask is None:
            found += [(full_row, (path.stem, data, p, with_rivals)) for p in PATTERNS]
        else:
            found.append((held_row, (path.stem, data, kspace.sampled, with_rivals)))
    return found


def scans(folder: Path) -> list[Path]:
    """Files that may hold k-space of several coils."""
    kspace = folder / "kspace"
    cfl = [p for p in sorted(kspace.glob("*.cfl")) if not p.stem.endswith("_image")]
    return [*cfl, *sorted(kspace.glob("*.npy")), *sorted(kspace.glob("*.h5"))]


def pattern_of(name, shape):
    """Poisson-disc with 24 x 24 centre, a third of the lines with 24 central, or 5/8 of all."""
    rng, columns = np.random.default_rng(0), shape[1]
    if name == "half":
        return np.repeat(np.arange(columns)[None] >= columns * 3 // 8, shape[0], axis=0)
    if name != "lines3":
        return poisson_disc(shape, int(name[1:]))
    line = np.abs(np.arange(columns) - columns // 2 + 0.5) < 12
    others = np.flatnonzero(~line)
    line[rng.choice(others, max(0, round(columns / 3) - int(line.sum())), replace=False)] = True
    return np.repeat(line[None], shape[0], axis=0)


def full_row(name, data, pattern, with_rivals):
    """Error of the magnitude against all samples' root sum of squares, inside the body."""
    truth = np.sqrt(np.sum(np.abs(back(data)) ** 2, axis=0))
    body = truth > BODY * truth.max()
    mask = pattern_of(pattern, truth.shape)

    def error(image):
        magnitude = np.abs(image)[body]
        return float(np.linalg.norm(magnitude - truth[body]) / np.linalg.norm(truth[body]))

    def scaled(image):
        magnitude = np.abs(image)[body]
        best = float(magnitude @ truth[body] / (magnitude @ magnitude))
        return error(best * image)

    encoding = encode(data * mask, mask)
    row = {"scan": name, "pattern": pattern, "share": float(mask.mean())}
    for method in (Method.PATCHES, Method.TV, Method.LEAST_SQUARES, Method.ZERO_FILL):
        image = reconstruct(encoding, method).image
        key = "nrmse" if method == Method.PATCHES else method.replace("-", "_")
        row[key] = error(image)
    if pattern == "half":
        row["no_symmetry"] = error(reconstruct(encoding, may_be_real=False).image)
    if with_rivals and has_bart():
        # its maps are normalised in its own way, so it gets the scale that suits it best
        row["bart"], row["bart_seconds"], row["bart_setting"] = bart_best(data * mask, scaled)
    return ("coils", row)


def held_row(name, data, mask, with_rivals):
    """Samples outside the centre held back and predicted, relative to their own length.

    They are compared in the coils as they were, for us and for BART alike.
    """
    whole = encode(data, mask)
    row = {"scan": name, "sets": whole.n_sets}
    judges = split(whole.mask, HELD, seed=7)
    for n_sets in dict.fromkeys((whole.n_sets, 1)):
        encoding = encode(data * ~judges, mask & ~judges, n_sets=n_sets)
        last, _ = PatchPrior().solve(encoding)
        images = last.x if n_sets > 1 else last.x[None]
        seen = sum(
            Cartesian(mask.shape, None, coils) @ image
            for coils, image in zip(encoding.coils, images)
        )
        wrong = (encoding.scale * seen - data)[:, judges]
        error = float(np.linalg.norm(wrong) / np.linalg.norm(data[:, judges]))
        if n_sets == whole.n_sets:
            row["prediction_error"] = error
        if n_sets == 1:
            row["prediction_error_one_map"] = error
    variance = float(np.real(np.trace(whole.noise.covariance)))
    signal = float(np.mean(np.sum(np.abs(data[:, judges]) ** 2, axis=0)))
    row["noise_floor"] = float(np.sqrt(variance / signal))
    if with_rivals and has_bart():
        row["bart"] = _bart_prediction(data, mask, judges)
    return ("held", row)


def _bart_prediction(data, mask, judges):
    """BART's image seen through the maps that it calibrated, at the samples held back.

    They are compared in the coils as they were, and its weight is chosen on the held samples.
    """
    import subprocess
    import tempfile

    from corporis.imaging.kspace_cfl import read_array
    from corporis.operators import Cartesian
    from mri_rows.rivals import best_of_grid, write_array

    kept = data * (mask & ~judges)
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        write_array(here / "k", np.moveaxis(kept, 0, -1)[None])

        def bart(*words):
            subprocess.run(["bart", *words], cwd=here, check=True, capture_output=True)

        bart("ecalib", "-m1", "-r24", "k", "s")
        maps = np.moveaxis(np.squeeze(read_array(here / "s")), -1, 0)
        seen = Cartesian(mask.shape, None, maps)

        def error(weight):
            bart("pics", "-S", "-i", "100", "-R", f"T:6:0:{weight:g}", "k", "s", "x")
            spectrum = (seen @ np.squeeze(read_array(here / "x")))[:, judges]
            truth = data[:, judges]
            scale = np.vdot(spectrum, truth) / np.vdot(spectrum, spectrum)
            return float(np.linalg.norm(scale * spectrum - truth) / np.linalg.norm(truth))

        return best_of_grid(error, [1e-3 * 3**k for k in range(5)])[1]


def figures(rows) -> dict:
    """Means over the scans."""
    found: dict = {}
    for pattern in PATTERNS:
        mine = [r for k, r in rows if k == "coils" and r["pattern"] == pattern]
        for key, name in KINDS:
            values = [r[key] for r in mine if key in r]
            if values or key in ("nrmse", "bart", "tv"):
                found[f"coil_nrmse_{pattern}{name}"] = float(np.mean(values)) if values else None
    held = [r for k, r in rows if k == "held"]
    for key, name in (
        ("prediction_error", "kspace_prediction_error"),
        ("prediction_error_one_map", "kspace_prediction_error_one_map"),
        ("bart", "kspace_prediction_error_bart"),
    ):
        values = [r[key] for r in held if key in r]
        found[name] = float(np.mean(values)) if values else None
    return found
