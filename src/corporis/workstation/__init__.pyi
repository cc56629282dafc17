from .diagrams import curve_diagram, ruler
from .figures import bullseye, colour_scale
from .html import document, measure_table, measure_tiles, section
from .page import HeartPage, render_heart_page, write_heart_page
from .panel import BullsEye, Conclusion, Curve, Finding, View
from .scene import Camera, Colouring, Look
from .stage import player_data, player_panel, viewer_data, viewer_panel

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
