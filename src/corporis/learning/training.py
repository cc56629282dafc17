"""How a network is trained on views of known examples, the first of which cost less."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from corporis.learning.networks import Network, UNet

Example = TypeVar("Example")
Evidence = TypeVar("Evidence")


@dataclass(frozen=True)
class CoarseFirst:
    """How long to train: first on views that cost less, then on views as they will be met.

    Parameters
    ----------
    n_steps : int
        Optimisation steps.
    batch_size : int
        Views in each, >= 1.
    coarse : float
        Share of the steps, the first ones, whose views are coarse or cut close: they teach where
        things lie, the rest where exactly they end. 0 to 1.

    Raises
    ------
    ValueError
        If `coarse` is not a share, or a batch has no view.

    Examples
    --------
    >>> from corporis.learning import CoarseFirst
    >>> CoarseFirst(1000, coarse=0.6).n_coarse
    600
    """

    n_steps: int
    batch_size: int = 1
    coarse: float = 0.0

    def __post_init__(self):
        if not 0 <= self.coarse <= 1:
            raise ValueError(f"coarse must be a share, 0 to 1, got {self.coarse}")
        if self.batch_size < 1:
            raise ValueError(f"batch_size must be >= 1, got {self.batch_size}")

    @property
    def n_coarse(self) -> int:
        """The steps whose views cost less."""
        return round(self.coarse * self.n_steps)


@dataclass(frozen=True)
class Training(Generic[Example, Evidence]):
    """What a network learns by, and how long: called with known examples, it trains one.

    Parameters
    ----------
    network : UNet
    views : callable
        ``views(known, batch_size, seed, n_coarse)`` makes the batches that
        `corporis.learning.fit` takes; those of steps below `n_coarse` cost less.
    loss : callable
        As `corporis.learning.fit` takes it.
    schedule : CoarseFirst
        Taken where a call names none.
    evidence : callable
        What is made of the trained network.
    memory : float
        See `corporis.learning.fit`. In a short schedule weights of its first half are no good.
    """

    network: UNet
    views: Callable[[Sequence[Example], int, int, int], Callable]
    loss: Callable
    schedule: CoarseFirst
    evidence: Callable[[Network], Evidence]
    memory: float = 0.998

    def __call__(
        self,
        known: Sequence[Example],
        *,
        seed: int = 0,
        schedule: CoarseFirst | None = None,
        threads: int = 1,
        progress: Callable[[int, float], None] | None = None,
    ) -> Evidence:
        """Train on `known`; the same seed and threads give the same weights.

        Parameters
        ----------
        known : sequence
            At least one example.
        seed : int
            Of the weights at the start, and of the views.
        schedule : CoarseFirst, optional
        threads : int
            Threads of torch; set for the process, as torch allows no other way.
        progress : callable, optional
            Called as ``progress(step, loss)`` after each step.

        Raises
        ------
        ValueError
            If `known` is empty.
        corporis.errors.MissingExtra
            If torch is not installed.
        """
        if not known:
            raise ValueError("training needs at least one example")
        schedule = schedule or self.schedule
        network = self.network.trained(
            self.views(known, schedule.batch_size, seed, schedule.n_coarse),
            self.loss,
            n_steps=schedule.n_steps,
            seed=seed,
            threads=threads,
            memory=self.memory,
            progress=progress,
        )
        return self.evidence(network)
