"""The heart's shape from cine MRI: found, outlined, rebuilt in space and time, and measured."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
