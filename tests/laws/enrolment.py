"""How a public class is enrolled in the laws.

Every room has a module ``instances_<room>.py`` beside this file with

- ``INSTANCES``: name in the room's ``__all__`` -> list of functions without arguments, each of
  which makes one `Enrolled`: an instance, and the laws it is held to;
- ``EXEMPT``: name -> why no law applies (a pure value, a protocol, a function with an oracle of
  its own, and where that is tested).
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

# Rooms in which functions are enrolled too, because they are what the room is about.
ROOMS_OF_CLASSES_AND_FUNCTIONS = ("operators", "functionals", "solvers")
ROOMS_OF_CLASSES = ("deformables", "learning", "shapes")
ROOMS = ROOMS_OF_CLASSES_AND_FUNCTIONS + ROOMS_OF_CLASSES


@dataclass(frozen=True)
class Enrolled:
    """One instance and the laws it must obey.

    Parameters
    ----------
    instance : object
        Of the enrolled class; the function itself for a function.
    laws : tuple of callables
        Each is called without arguments and raises where a law is broken; at least one.
    """

    instance: Any
    laws: tuple[Callable[[], Any], ...]


def public_names(room: str) -> dict[str, Any]:
    """What must be enrolled in a room."""
    module = import_module(f"corporis.{room}")
    public = {name: getattr(module, name) for name in module.__all__}
    if room in ROOMS_OF_CLASSES_AND_FUNCTIONS:
        return {name: value for name, value in public.items() if callable(value)}
    return {name: value for name, value in public.items() if isinstance(value, type)}


def instances(room: str) -> dict[str, list[Callable[[], Enrolled]]]:
    """What a room has enrolled; nothing where its module is missing."""
    return _table(room, "INSTANCES")


def exemptions(room: str) -> dict[str, str]:
    """What a room has exempted, with reasons."""
    return _table(room, "EXEMPT")


def _table(room, name):
    module = f"laws.instances_{room}"
    return getattr(import_module(module), name) if find_spec(module) else {}
