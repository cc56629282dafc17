"""What the doctor sees: a report as one file that opens anywhere.

A study describes its findings with the frozen dataclasses of this room and calls
`write_heart_page`; other applications compose `player_panel`, `viewer_panel`, `curve_diagram`,
`bullseye` and `measure_table` into a `document` of their own.
"""

from corporis.workstation.diagrams import curve_diagram, ruler
from corporis.workstation.figures import bullseye, colour_scale
from corporis.workstation.html import document, measure_table, measure_tiles, section
from corporis.workstation.page import HeartPage, render_heart_page, write_heart_page
from corporis.workstation.panel import BullsEye, Conclusion, Curve, Finding, View
from corporis.workstation.scene import Camera, Colouring, Look
from corporis.workstation.stage import player_data, player_panel, viewer_data, viewer_panel

__all__ = [
    "BullsEye",
    "Camera",
    "Colouring",
    "Conclusion",
    "Curve",
    "Finding",
    "HeartPage",
    "Look",
    "View",
    "bullseye",
    "colour_scale",
    "curve_diagram",
    "document",
    "measure_table",
    "measure_tiles",
    "player_data",
    "player_panel",
    "render_heart_page",
    "ruler",
    "section",
    "viewer_data",
    "viewer_panel",
    "write_heart_page",
]
