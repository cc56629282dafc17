"""Groups of commands of the command line, a module a group."""

from corporis.commands.slides import slides
from corporis.commands.training import training

__all__ = ["slides", "training"]
