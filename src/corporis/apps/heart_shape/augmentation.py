"""Random views of labelled hearts, as other patients and other scanners would have given them."""

import numpy as np

from corporis.apps.heart_shape.location import (
    LOCATOR_SIDE,
    WINDOW_RADIUS,
    WINDOW_SIDE,
    vote,
    whole_image,
)
from corporis.apps.heart_shape.outer_wall import ANYTHING, CAVITY, MUSCLE
from corporis.learning.networks import import_torch

BAND = 3  # pixels of the window between one border and the other


class Heart:
    """An `Example` as tensors, with the location that its labels give."""

    def __init__(self, example):
        torch = import_torch()
        images = np.asarray(example.images, np.float32)
        scale = np.quantile(images[:, :, ::4, ::4], 0.99) or 1.0
        self.images = torch.from_numpy(images / scale)
        self.extremes = torch.stack([self.images.amax(1), self.images.amin(1)], 1)
        self.labels = torch.from_numpy(example.labels)
        self.weight, self.border = example.weight, example.border
        self.frames = np.argwhere((example.labels != ANYTHING).any((2, 3)))
        cavity = (example.labels == CAVITY).astype(np.float32)
        location = _true_location(cavity)
        self.centre, self.radius = location.centre, location.radius_px

    def window(self, s, t):
        """Planes that the segmenter sees: frame, extremes over time, both neighbours."""
        torch = import_torch()
        last = len(self.images) - 1
        near = [self.images[max(s - 1, 0), t], self.images[min(s + 1, last), t]]
        return torch.stack([self.images[s, t], *self.extremes[s], *near])

    def whole(self, s, t):
        """Planes that the locator sees: frame and extremes over time."""
        torch = import_torch()
        return torch.stack([self.images[s, t], *self.extremes[s]])


def _true_location(cavity):
    side = max(cavity.shape[2:])
    square = np.zeros((*cavity.shape[:2], side, side), np.float32)
    square[:, :, : cavity.shape[2], : cavity.shape[3]] = cavity
    return vote(square, np.zeros((len(cavity), 2)), 1.0)


class Batches:
    """Random batches of one kind of view; subclasses choose planes, place and labels.

    Steps below `n_coarse` are shown twice as many views at half the side, of the same field of
    view: they cost as much as fewer views at full side do, and teach what lies where.
    """

    side = WINDOW_SIDE

    def __init__(self, hearts, size, seed, n_coarse=0):
        self.hearts, self.size, self.n_coarse = hearts, size, n_coarse
        self.random = np.random.default_rng([seed, self.side])
        weights = np.array([heart.weight for heart in hearts])
        self.chance = weights / weights.sum()

    def __call__(self, step):
        torch = import_torch()
        coarser = 2 if step < self.n_coarse else 1
        hearts = self.random.choice(len(self.hearts), coarser * self.size, p=self.chance)
        views = [self._view(self.hearts[number], coarser) for number in hearts]
        planes = torch.stack([planes for planes, _ in views])
        labels = torch.stack([labels for _, labels in views])
        labels = self._asked(labels, [self.hearts[number] for number in hearts])
        return _normalised(_disturbed(planes, self.random)), labels

    def _asked(self, labels, hearts):
        """What of the labels is asked for."""
        return labels

    def _view(self, heart, coarser):
        s, t = heart.frames[self.random.integers(len(heart.frames))]
        return self._cut(heart, s, t, coarser)

    def _warp(self, planes, labels, centre, step, coarser=1, bend=None):
        """Cut a square around `centre`, turned by any angle, perhaps mirrored, then bent.

        Its side is `side`, and `step` source pixels to each of its own, or `coarser` times fewer
        and larger ones. `bend` maps the source positions (rows, columns, (row, column)), pixels,
        to others.
        """
        torch = import_torch()
        angle = self.random.uniform(0, 2 * np.pi)
        cosine, sine = np.cos(angle), np.sin(angle)
        mirror = self.random.choice([-1, 1])
        stretch = np.exp(self.random.normal(0, 0.06, 2))
        turn = np.array([[cosine, -sine], [sine, cosine]]) @ np.diag(stretch) * [1, mirror]
        height, width = labels.shape
        half = np.array([width, height]) / 2  # torch's grid counts (column, row) from -1 to 1
        matrix = np.concatenate(
            [
                turn * (step * self.side / 2) / half[:, None],
                ((np.array(centre)[::-1] + 0.5) / half - 1)[:, None],
            ],
            axis=1,
        )
        theta = torch.from_numpy(matrix[None].astype(np.float32))
        side = self.side // coarser
        grid = torch.nn.functional.affine_grid(theta, [1, 1, side, side], False)
        if bend is not None:
            half = torch.tensor(half, dtype=torch.float32)
            position = ((grid[0] + 1) * half - 0.5).flip(-1)
            grid = ((bend(position).flip(-1) + 0.5) / half - 1)[None]
        cut = torch.nn.functional.grid_sample(planes[None], grid, "bilinear", "zeros", False)[0]
        marks = labels[None, None].float()
        marks = torch.nn.functional.grid_sample(marks, grid, "nearest", "zeros", False)[0, 0]
        # outside the image there is background and nothing else
        return cut, torch.where(marks == 0, 1, marks).to(torch.uint8)


class Windows(Batches):
    """Views of the segmenter, misplaced and mis-sized as a locator would.

    `border` is the one that the segmenter shall draw, `radius` the pixels of its window to one
    radius of the ventricle.
    """

    def __init__(self, hearts, size, seed, border, radius=WINDOW_RADIUS, n_coarse=0):
        super().__init__(hearts, size, seed, n_coarse)
        self.border, self.radius = border, radius

    def _cut(self, heart, s, t, coarser):
        torch, random = import_torch(), self.random
        scale = np.exp(random.normal(0, 0.12) if random.random() < 0.95 else -0.6)
        centre = heart.centre[s] + random.normal(0, 0.12, 2) * heart.radius
        step = heart.radius * scale / self.radius
        side = self.side // coarser
        bend = None if random.random() < 0.5 else self._bend(heart.centre[s], heart.radius, side)
        window = heart.window(s, t)
        planes, labels = self._warp(window, heart.labels[s, t], centre, step, coarser, bend)
        frame, low, high, before, after = planes
        if random.random() < 0.5:
            before, after = after, before
        if random.random() < 0.15:
            low = high = frame
        if random.random() < 0.15:
            before = frame
        if random.random() < 0.15:
            after = frame
        return torch.stack([frame, low, high, before, after]), labels

    def _asked(self, labels, hearts):
        """Where the border of a heart's labels is another one, it is unknown within a band."""
        torch = import_torch()
        is_other = torch.tensor([heart.border != self.border for heart in hearts])
        if not is_other.any():
            return labels
        doubtful = is_other[:, None, None] & _on_border(labels)
        return torch.where(doubtful, CAVITY | MUSCLE, labels)

    def _bend(self, centre, radius, side):
        """A heart of another shape: walls thicker or thinner, and a smooth random deformation."""
        torch, random = import_torch(), self.random
        centre = torch.tensor(centre, dtype=torch.float32)
        shrink, reach = random.uniform(-0.2, 0.4), radius * random.uniform(0.8, 1.5)
        knots = torch.tensor(random.normal(0, 0.05 * radius, (1, 2, 5, 5)), dtype=torch.float32)
        waves = torch.nn.functional.interpolate(
            knots, size=(side, side), mode="bicubic", align_corners=True
        )[0].permute(1, 2, 0)

        def bend(position):
            offset = position - centre
            near = torch.exp(-offset.square().sum(-1, keepdim=True) / reach**2)
            return centre + offset * (1 + shrink * near) + waves

        return bend


class WholeImages(Batches):
    """Views of the locator: the ventricle anywhere, at any angle and size."""

    side = LOCATOR_SIDE

    def _cut(self, heart, s, t, coarser):
        torch, random = import_torch(), self.random
        _, step = whole_image(heart.images.shape[2:])
        step = step * np.exp(random.uniform(np.log(0.55), np.log(1.9)))
        middle = (np.array(heart.images.shape[2:]) - 1) / 2
        if random.random() < 0.5:
            away = heart.radius + 0.35 * step * self.side * random.uniform(-1, 1, 2)
            middle = heart.centre[s] + away
        planes, labels = self._warp(heart.whole(s, t), heart.labels[s, t], middle, step, coarser)
        if random.random() < 0.15:
            planes = planes[:1].expand(3, -1, -1)
        # two classes: cavity or not; what may be either stays unknown
        cavity = (labels & CAVITY > 0).to(torch.uint8)
        other = (labels & (ANYTHING & ~CAVITY) > 0).to(torch.uint8)
        return planes, other + 2 * cavity


def _on_border(labels):
    """Whether a pixel of labels (n, N, N) lies within `BAND` of both cavity and muscle."""
    torch = import_torch()

    def near(label):
        marks = (labels & label > 0).float()[:, None]
        return torch.nn.functional.max_pool2d(marks, 2 * BAND + 1, 1, BAND)[:, 0] > 0

    return near(CAVITY) & near(MUSCLE)


def _disturbed(x, random):
    """`x` (n, channels, N, N) with another scanner's contrast, shading, blur, noise and ghosts."""
    torch = import_torch()
    n, side = len(x), x.shape[-1]

    def draw(low, high):
        return torch.from_numpy(random.uniform(low, high, (n, 1, 1, 1)).astype(np.float32))

    scale = x.amax((1, 2, 3), keepdim=True).clamp_min(1e-6)
    bright = (x / scale).clamp_min(1e-4)
    axis = torch.linspace(-1, 1, side)
    shading = draw(-0.4, 0.4) * axis[:, None] + draw(-0.4, 0.4) * axis
    shading = shading + draw(-0.3, 0.3) * axis[:, None] ** 2 + draw(-0.3, 0.3) * axis**2
    # gamma and shading share one exponential, the dearest step on a single core
    x = (bright.log() * torch.exp(draw(-0.3, 0.3)) + shading).exp()
    smooth = torch.nn.functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    x = torch.lerp(x, smooth, draw(-0.4, 0.7))
    typical = x[:, 1:2].mean((1, 2, 3), keepdim=True)
    ghost = torch.roll(x, int(random.integers(1, n)), 0) if n > 1 else x
    ghost = torch.roll(ghost, tuple(random.integers(0, side, 2).tolist()), (2, 3))
    x = x + (draw(-1.5, 0.3).clamp_min(0)) * ghost
    generator = torch.Generator().manual_seed(int(random.integers(2**31)))
    noise = torch.randn(x.shape, generator=generator)
    return x + draw(-0.25, 0.25).clamp_min(0) * typical * noise


def _normalised(x):
    """The tensor twin of `evidence.normalise`; noise makes extremes of the given planes again."""
    torch = import_torch()
    levels = x[:, 1:3, ::3, ::3].flatten(2)
    high = torch.quantile(levels[:, 0], 0.98, dim=1)[:, None, None, None]
    low = torch.quantile(levels[:, 1], 0.01, dim=1)[:, None, None, None]
    return ((x - low) / (high - low).clamp_min(1e-6)).clamp(-0.5, 2)
