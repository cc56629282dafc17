"""Penalties and misfits: what an answer should look like, and how well it fits.

A functional is a frozen description with ``f(x)``; one with ``prox`` is `Proximable`, one with
``gradient`` and ``lipschitz`` is `Smooth`, one with ``polar`` is a `Norm`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
