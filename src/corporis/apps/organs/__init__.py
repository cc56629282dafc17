"""Organs: masks of any origin mended by what organs of their kind look like."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
