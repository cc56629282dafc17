"""What the doctor sees: a report as one file that opens anywhere.

A study describes its findings with the frozen dataclasses of this room and calls
`write_heart_page`; other applications compose `player_panel`, `viewer_panel`, `curve_diagram`,
`bullseye` and `measure_table` into a `document` of their own.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
