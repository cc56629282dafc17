"""Groups of commands of the command line, a module a group."""

from corporis.commands.learning import learn
from corporis.commands.motion import motion
from corporis.commands.repair import repair
from corporis.commands.review import review
from corporis.commands.slides import slides
from corporis.commands.training import training

__all__ = ["learn", "motion", "repair", "review", "slides", "training"]
