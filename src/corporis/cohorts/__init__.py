"""Many cases, and studies of one: applications in a row, their files, and what made them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
