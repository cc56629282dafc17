"""Modules that a command will need, loaded while it computes."""

import threading
from contextlib import suppress
from importlib import import_module

REPORT = ("scipy.ndimage", "nibabel", "skimage.measure", "PIL.Image")
"""What outlines and pictures of a report take."""


def load_meanwhile(*modules: str) -> None:
    """Import modules in the background: networks and reading leave the interpreter idle.

    Who needs one earlier waits for it as for any import; what cannot be imported is left to who
    needs it.
    """
    threading.Thread(target=_load, args=modules, daemon=True).start()


def _load(*modules):
    for name in modules:
        with suppress(ImportError):
            import_module(name)
