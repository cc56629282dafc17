"""The nouns of corporis: read this first.

Everything the package does is one sentence,
``minimise data(points(q)) + internal(q) + penalty(q)``.
A `LinearOperator` maps, a `Functional` measures, a solver is a generator of `Iterate`, a
`DeformableModel` moves, an `Estimator` learns, an `Application` turns a `Case` into a `Report`.
A capability is a type: what has ``prox`` is `Proximable`, what has ``gradient`` is `Smooth`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

import numpy as np

Shape = tuple[int, ...]
Array = Any  # an array of the array API standard: NumPy, torch, CuPy


class LinearOperator(ABC):
    """A linear map ``A`` between n-dimensional arrays, with its exact adjoint ``A.H``.

    Subclasses are frozen dataclasses that give `domain`, `codomain`, `forward` and `adjoint`;
    the algebra (``A @ x``, ``A @ B``, ``a * A``, ``A + B``, ``A.H``) is given here, once.
    An operator has no memory, keeps its input untouched and works in the input's precision.
    """

    @property
    @abstractmethod
    def domain(self) -> Shape:
        """Shape of what `forward` takes."""

    @property
    @abstractmethod
    def codomain(self) -> Shape:
        """Shape of what `forward` gives."""

    @abstractmethod
    def forward(self, x: Array) -> Array:
        """``A x``."""

    @abstractmethod
    def adjoint(self, y: Array) -> Array:
        """``A^H y``, with ``<A x, y> = <x, A^H y>``."""

    def normal(self, x: Array) -> Array:
        """``A^H A x``; a subclass may know a cheaper way than forth and back."""
        return self.adjoint(self.forward(x))

    @property
    def H(self) -> "LinearOperator":
        """The adjoint as an operator."""
        return _Adjoint(self)

    def __matmul__(self, other):
        if isinstance(other, LinearOperator):
            return _Product(self, other)
        return self.forward(other)

    def __mul__(self, scale: complex) -> "LinearOperator":
        return _Scaled(self, scale)

    __rmul__ = __mul__

    def __add__(self, other: "LinearOperator") -> "LinearOperator":
        return _Sum(self, other)


@dataclass(frozen=True)
class _Adjoint(LinearOperator):
    operator: LinearOperator

    domain = property(lambda self: self.operator.codomain)
    codomain = property(lambda self: self.operator.domain)

    def forward(self, x):
        return self.operator.adjoint(x)

    def adjoint(self, y):
        return self.operator.forward(y)

    @property
    def H(self):
        return self.operator


@dataclass(frozen=True)
class _Product(LinearOperator):
    left: LinearOperator
    right: LinearOperator

    domain = property(lambda self: self.right.domain)
    codomain = property(lambda self: self.left.codomain)

    def __post_init__(self):
        if self.left.domain != self.right.codomain:
            raise ValueError(
                f"A @ B needs A.domain == B.codomain, got {self.left.domain} and "
                f"{self.right.codomain}"
            )

    def forward(self, x):
        return self.left.forward(self.right.forward(x))

    def adjoint(self, y):
        return self.right.adjoint(self.left.adjoint(y))

    def normal(self, x):
        return self.right.adjoint(self.left.normal(self.right.forward(x)))


@dataclass(frozen=True)
class _Scaled(LinearOperator):
    operator: LinearOperator
    scale: complex

    def __post_init__(self):
        # A Python number takes the precision of the array it meets; NumPy's scalars widen it.
        is_complex = np.iscomplexobj(self.scale)
        plain = complex(self.scale) if is_complex else float(np.real(self.scale))
        object.__setattr__(self, "scale", plain)

    domain = property(lambda self: self.operator.domain)
    codomain = property(lambda self: self.operator.codomain)

    def forward(self, x):
        return self.scale * self.operator.forward(x)

    def adjoint(self, y):
        return self.scale.conjugate() * self.operator.adjoint(y)

    def normal(self, x):
        return abs(self.scale) ** 2 * self.operator.normal(x)


@dataclass(frozen=True)
class _Sum(LinearOperator):
    left: LinearOperator
    right: LinearOperator

    domain = property(lambda self: self.left.domain)
    codomain = property(lambda self: self.left.codomain)

    def __post_init__(self):
        if (self.left.domain, self.left.codomain) != (self.right.domain, self.right.codomain):
            raise ValueError("A + B needs operators of the same domain and codomain")

    def forward(self, x):
        return self.left.forward(x) + self.right.forward(x)

    def adjoint(self, y):
        return self.left.adjoint(y) + self.right.adjoint(y)


@runtime_checkable
class Functional(Protocol):
    """A real function of an array: ``f(x)``."""

    def __call__(self, x: Array, /) -> float: ...


@runtime_checkable
class Proximable(Functional, Protocol):
    """A functional with ``prox(x, step) = argmin_z step*f(z) + 1/2 ||z - x||^2``."""

    def prox(self, x: Array, step: float) -> Array: ...


@runtime_checkable
class Smooth(Functional, Protocol):
    """A functional with a gradient whose Lipschitz constant is at most `lipschitz`."""

    @property
    def lipschitz(self) -> float: ...

    def gradient(self, x: Array) -> Array: ...


@dataclass(frozen=True)
class Iterate:
    """All that a solver knows after `count` iterations: enough to resume it exactly."""

    x: Array
    count: int
    change: float
    memory: Any = None


@dataclass(frozen=True)
class Result:
    """What a run ended with; not reaching the tolerance is a `reason`, not an exception."""

    x: Array
    count: int
    reason: str
    gap: float | None
    trace: tuple[float, ...] = ()
    last: Iterate | None = None


@dataclass(frozen=True)
class Mesh:
    """A surface, still or moving: vertices and triangles, with named values on the vertices.

    Parameters
    ----------
    points : array, (n, 3) or (n_times, n, 3)
        Vertices, in mm (RAS+) unless `length_unit` says pixels. A moving surface has the same
        triangles at all times.
    cells : int array, (m, 3)
        Triangles, seen counter-clockwise from outside.
    point_data : mapping of str to array
        Values per vertex, (n,) or (n_times, n).
    """

    points: np.ndarray
    cells: np.ndarray
    point_data: Mapping[str, np.ndarray] = field(default_factory=dict)
    times_ms: np.ndarray | None = None
    length_unit: str = "mm"

    def __post_init__(self):
        if np.ndim(self.points) not in (2, 3) or np.shape(self.points)[-1] != 3:
            raise ValueError(
                f"points must be (n, 3) or (n_times, n, 3), got {np.shape(self.points)}"
            )
        if np.ndim(self.cells) != 2 or np.shape(self.cells)[1] != 3:
            raise ValueError(f"cells must be (m, 3) triangles, got {np.shape(self.cells)}")
        if np.size(self.cells) and not (
            0 <= np.min(self.cells) and np.max(self.cells) < np.shape(self.points)[-2]
        ):
            raise ValueError("cells name vertices that do not exist")

    @property
    def is_moving(self) -> bool:
        """Whether there is one set of vertices per time."""
        return np.ndim(self.points) == 3

    def at(self, time: int) -> "Mesh":
        """The still surface at one time index."""
        if not self.is_moving:
            return self
        values = {k: v[time] if np.ndim(v) == 2 else v for k, v in self.point_data.items()}
        return Mesh(self.points[time], self.cells, values, None, self.length_unit)


class DeformableModel(Protocol):
    """A body moved by few numbers `q`: ``points(q)``, its tangent, and its internal energy."""

    @property
    def rest(self) -> Mesh: ...

    def points(self, q: Array) -> Array: ...

    def tangent(self, q: Array) -> LinearOperator: ...

    def internal(self) -> Smooth: ...


class Estimator(Protocol):
    """What learns: scikit-learn's contract, structural."""

    def fit(self, X: Any, y: Any = None) -> "Estimator": ...


@dataclass(frozen=True)
class Case:
    """One patient, slide or movie: named images, meshes and facts.

    Applications meet here: a report adds named images and meshes, the next application reads
    them. `name` is a neutral label, never a patient's name.
    """

    name: str
    images: Mapping[str, Any] = field(default_factory=dict)
    meshes: Mapping[str, Mesh] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        for attribute in ("images", "meshes", "facts"):
            frozen = MappingProxyType(dict(getattr(self, attribute)))
            object.__setattr__(self, attribute, frozen)

    def with_report(self, report: "Report") -> "Case":
        """A case that also holds what an application found."""
        return Case(
            self.name,
            {**self.images, **report.images},
            {**self.meshes, **report.meshes},
            {**self.facts, **report.facts},
        )


@dataclass(frozen=True)
class Measure:
    """One number a doctor reads: value, unit, and its 95 % interval where one is known.

    `value` is None when it could not be measured; `note` then says why.
    """

    name: str
    value: float | None
    unit: str
    low: float | None = None
    high: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Report:
    """What an application found, ready to be read by people and by the next application."""

    application: str
    measures: Sequence[Measure] = ()
    images: Mapping[str, Any] = field(default_factory=dict)
    meshes: Mapping[str, Mesh] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    methods: Sequence[str] = ()
    references: Sequence[str] = ()
    warnings: Sequence[str] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)


@runtime_checkable
class Application(Protocol):
    """A frozen dataclass of parameters that turns a case into a report."""

    def __call__(self, case: Case, /) -> Report: ...
