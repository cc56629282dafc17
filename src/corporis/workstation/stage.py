"""The moving part of a page: images with outlines, surfaces in 3-D, and their transport."""

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from corporis.interfaces import Mesh
from corporis.workstation.figures import colour_scale
from corporis.workstation.panel import View
from corporis.workstation.scene import Camera, Colouring, Look
from corporis.workstation.sprites import encode_contours, pack_views
from corporis.workstation.surfaces import (
    BACKGROUND,
    colour_range,
    draw_still,
    look_of,
    pack_surfaces,
    shown_colourings,
)
from corporis.workstation.text import label

SCRIPTS = ("clock.js", "player.js", "viewer.js", "start.js")
SPEEDS = ((1, "1"), (0.5, "½"), (0.25, "¼"), (0.1, "⅒"))
OUTLINE_COLOURS = ("#ff6b5e", "#ffd166", "#6cb8ff", "#7fe0b0", "#d6a6ff", "#f4f4f4")
DIRECTIONS = ((0, 1, "R", "right"), (0, -1, "L", "left"), (1, 1, "A", "front"),
              (1, -1, "P", "back"), (2, 1, "H", "head"), (2, -1, "F", "foot"))  # fmt: skip


def clock_data(
    n_frames: int, times_ms: np.ndarray | None, start: int | None, *, is_beat: bool = True
) -> dict:
    """What the page's clock needs: frames, their times, and where it stands at first.

    Frames that are no heartbeat but planes of a volume stand still until they are asked to move.
    """
    times = None if times_ms is None or n_frames < 2 else np.asarray(times_ms, dtype=float)
    return {
        "count": n_frames,
        "times": None if times is None else times.round(2).tolist(),
        "start": start or 0,
        "isBeat": is_beat,
    }


def player_data(views: Sequence[View], budget_bytes: int = 7_000_000) -> dict:
    """Pictures and outlines of the views, JSON-ready."""
    packed = []
    for view, sheet in zip(views, pack_views(views, budget_bytes), strict=True):
        down, across = view.steps
        packed.append(
            {
                "source": sheet.source,
                "columns": sheet.columns,
                "frames": sheet.n_frames,
                "cell": sheet.cell,
                "size": sheet.size,
                "scale": sheet.scale,
                "aspect": sheet.size[1] * across / (sheet.size[0] * down),
                "mm": None if view.pixel_mm is None else across,
                "contours": encode_contours(view, sheet),
            }
        )
    colours = zip(outline_names(views), OUTLINE_COLOURS * len(views), strict=False)
    outlines = [{"name": name, "colour": colour} for name, colour in colours]
    return {"views": packed, "outlines": outlines}


def outline_names(views: Sequence[View]) -> list[str]:
    """Names of all outlines in the order of their first appearance."""
    return list(dict.fromkeys(name for view in views for name in view.contours))


def player_panel(views: Sequence[View], data: Mapping) -> str:
    """The views in groups, each a button that enlarges it, and a switch for each outline."""
    groups = Counter(view.group for view in views)
    # As many columns as rows, roughly: the block of tiles is about as high as it is wide.
    columns = next(c for c in range(1, 99) if sum(-(-n // c) for n in groups.values()) <= c)
    grid = f'<div class="grid" style="--columns:{columns};--few:{min(columns, 3)}">'
    tiles = []
    for group in groups:
        tiles.append(f"<h4>{escape(label(group))}</h4>{grid}")
        for view, packed in zip(views, data["views"], strict=True):
            if view.group == group:
                name = f"{group}, {view.name}"
                tiles.append(
                    f'<button type="button" class="tile" aria-expanded="false" '
                    f'aria-label="{escape(name)}, with outlines: enlarge">'
                    f'<canvas style="aspect-ratio:{packed["aspect"]:.4f}"></canvas>'
                    f'<span class="caption">{escape(label(view.name))}</span></button>'
                )
        tiles.append("</div>")
    switches = "".join(
        f'<label class="switch"><input type="checkbox" checked '
        f'data-outline="{escape(outline["name"])}"><span class="swatch" '
        f'style="background:{outline["colour"]}"></span>{escape(label(outline["name"]))}</label>'
        for outline in data["outlines"]
    )
    return (
        '<div class="panel player"><div class="panel-head"><h3>Outlines on the images</h3>'
        f'<div class="switches">{switches}</div></div>{"".join(tiles)}'
        "<noscript><p>The images need JavaScript, which this browser has switched off.</p>"
        "</noscript></div>"
    )


def viewer_data(
    meshes: Mapping[str, Mesh],
    colourings: Sequence[Colouring],
    looks: Mapping[str, Look],
    camera: Camera,
) -> dict:
    """Surfaces, colours and camera, JSON-ready."""
    return {**pack_surfaces(meshes, colourings, looks, camera), "background": BACKGROUND}


def viewer_panel(
    meshes: Mapping[str, Mesh],
    colourings: Sequence[Colouring],
    looks: Mapping[str, Look],
    camera: Camera,
    stills: Sequence[tuple[str, int]],
) -> str:
    """The 3-D picture with legend and switches, and stills for paper and for want of WebGL.

    Parameters
    ----------
    stills : sequence of (caption, frame)
    """
    shown = shown_colourings(colourings, meshes)
    first = shown[0] if shown else None
    pictures = "".join(
        f'<figure><img alt="The surfaces at {escape(caption)}" '
        f'src="{draw_still(meshes, frame, first, looks, camera)}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
        for caption, frame in stills
    )
    letters = "".join(
        f'<span class="direction" data-axis="{axis}" data-sign="{sign}" title="{word}">'
        f"{letter}</span>"
        for axis, sign, letter, word in DIRECTIONS
        if camera.is_anatomical
    )
    legends = "".join(
        f"<div{' hidden' if index else ''}>"
        + colour_scale(c.colour_map, *colour_range(c, meshes), c.label, c.unit)
        + "</div>"
        for index, c in enumerate(shown)
    )
    return (
        '<div class="panel viewer"><div class="panel-head"><h3>Surfaces in 3-D</h3>'
        f'{_chooser(shown)}</div><div class="scene"><canvas tabindex="0" role="img" '
        'aria-label="Surfaces in 3-D. Turn with the arrow keys, zoom with plus and minus, '
        f'Home resets."></canvas><div class="directions" aria-hidden="true">{letters}</div>'
        f'<div class="stills">{pictures}</div></div><div class="legend">{legends}</div>'
        f'<div class="switches live-only">{_surface_switches(meshes, looks, shown)}'
        '<label class="cutter">Cut away <input class="cut" type="range" min="0" max="100" '
        'value="0"></label></div><p class="hint live-only">Drag to turn, pinch or click and '
        "scroll to zoom, Home key to reset.</p></div>"
    )


def transport(
    n_frames: int, ed_index: int | None, es_index: int | None, *, is_beat: bool = True
) -> str:
    """Play, pause and the slider of time or planes; nothing where only one frame exists."""
    if n_frames < 2:
        return ""
    jumps = "".join(
        f'<button type="button" class="jump" data-frame="{index}" title="{word}" '
        f'aria-label="Go to {word}">{short}</button>'
        for index, short, word in (
            (ed_index, "ED", "end-diastole"),
            (es_index, "ES", "end-systole"),
        )
        if index is not None
    )
    group, slider = ("Heartbeat", "Time in the heartbeat") if is_beat else ("Planes", "Plane")
    speeds = "".join(f'<option value="{value}">{word}×</option>' for value, word in SPEEDS)
    return (
        f'<div class="transport" hidden role="group" aria-label="{group}">'
        '<button type="button" class="play" aria-label="Play" data-state="paused"></button>'
        f'<input type="range" min="0" max="{n_frames - 1}" step="1" value="0" '
        f'aria-label="{slider}">{jumps}<output></output>'
        f'<select aria-label="Speed">{speeds}</select></div>'
    )


def _chooser(shown: Sequence[Colouring]) -> str:
    if not shown:
        return ""
    options = "".join(
        f'<option value="{index}">{escape(c.label)}</option>' for index, c in enumerate(shown)
    )
    return (
        '<label class="live-only">Colour <select class="colouring">'
        f'{options}<option value="-1">none</option></select></label>'
    )


def _surface_switches(meshes, looks, shown) -> str:
    fields = {c.field for c in shown}
    parts = []
    for index, (name, mesh) in enumerate(meshes.items()):
        is_coloured = bool(fields & set(mesh.point_data))
        swatch = (
            '<span class="swatch coloured"></span>'
            if is_coloured
            else f'<span class="swatch" style="background:{look_of(name, meshes, looks).colour}">'
            "</span>"
        )
        parts.append(
            f'<label class="switch"><input type="checkbox" checked data-surface="{index}">'
            f"{swatch}{escape(label(name))}</label>"
        )
    return "".join(parts)
