"""What learns: sparse classifiers and their explanation, dictionaries that grow, hashing, small
networks, and images from themselves.

The names below are loaded when they are first used: scikit-learn is slow to import.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
