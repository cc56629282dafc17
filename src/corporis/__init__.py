"""corporis: model-based analysis of medical images.

Everything here is one sentence, ``minimise data(points(q)) + internal(q) + penalty(q)``: a
deformable model gives ``points`` and ``internal``, learning gives ``data``, sparsity gives
``penalty``, and one family of solvers minimises it. Read `corporis.interfaces` first.

The names below are loaded when they are first used, so that ``import corporis`` stays quick.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "LinearOperator": "corporis.interfaces",
    "Functional": "corporis.interfaces",
    "Proximable": "corporis.interfaces",
    "Smooth": "corporis.interfaces",
    "DeformableModel": "corporis.interfaces",
    "Estimator": "corporis.interfaces",
    "Mesh": "corporis.interfaces",
    "Case": "corporis.interfaces",
    "Report": "corporis.interfaces",
    "CorporisError": "corporis.errors",
    "Image": "corporis.imaging",
    "read": "corporis.imaging",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module 'corporis' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
