"""Bodies with known truth: the virtual heart, two independent ways to image it, its k-space.

Besides it a tagged ring of muscle with exact strain, ellipses, whose k-space is known in closed
form, stained tissue whose nuclei are known, and point processes whose second moments are.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
