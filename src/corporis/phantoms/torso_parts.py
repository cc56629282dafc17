"""What surrounds the organs of a torso: wall, bones, vessels, chest, bowel, pelvis, table."""

import numpy as np

from corporis.phantoms.torso_frame import AIR, FAT, Canvas

RIB_MM, DISC_MM = 27.0, 32.0
"""From rib to rib, and from disc to disc."""
PLEURA_MM = 4.0


def draw_wall(canvas: Canvas) -> None:
    """Skin, fat, muscle, and fat inside."""
    frame, random, depth = canvas.frame, canvas.random, canvas.depth
    canvas.paint(depth > 0, 20.0, takes=False)
    canvas.paint(depth > 2.5, FAT + 8 * canvas.noise(4.0), takes=False)
    muscle = 52 + 10 * canvas.noise(2.5)
    canvas.paint((depth > frame.fat) & (depth < frame.fat + frame.muscle), muscle)
    y, thick = frame.spine_y - 30, random.uniform(0.8, 1.2)
    for side in (-1, 1):
        canvas.paint(canvas.column(y, side * 32, 22 * thick, 28 * thick), muscle)
        wide = np.clip(18 - frame.z / 12, 4, 26) * thick  # the psoas grows downwards
        psoas = canvas.column(frame.spine_y, side * (24 + 0.9 * wide), wide, 0.8 * wide)
        canvas.paint(psoas & (frame.z < 20), muscle)


def draw_bones(canvas: Canvas) -> None:
    """Vertebrae with their discs, arches and canal, ribs, sternum, shoulder blades."""
    frame, random, depth = canvas.frame, canvas.random, canvas.depth
    marrow = random.normal(180, 60) + 40 * canvas.noise(2.0)
    y, size = frame.spine_y, random.uniform(0.85, 1.15)
    body = canvas.column(y, 0.0, 18 * size, 23 * size)
    is_disc = np.mod(frame.z + random.uniform(0, DISC_MM), DISC_MM) < 8
    arch = canvas.column(y - 30 * size, 0.0, 14, 20) | (
        canvas.column(y - 48 * size, 0.0, 18, 4) & ~is_disc
    )
    canvas.paint(arch, marrow + 100)
    canvas.paint(body, marrow + 150)
    canvas.paint(canvas.column(y, 0.0, 15 * size, 20 * size), marrow)
    canvas.paint(body & is_disc, 85.0)
    canvas.paint(canvas.column(y - 25 * size, 0.0, 8, 10), 25.0)
    inner = frame.fat + frame.muscle
    wall = (depth > inner - 9) & (depth < inner + 1)
    lowest = frame.liver_top - random.uniform(130, 190) + 0.6 * (frame.y - frame.middle_y)
    phase = np.mod(frame.z + 0.5 * frame.y + random.uniform(0, RIB_MM), RIB_MM)
    ribs = wall & (phase < random.uniform(8, 12)) & (frame.z > lowest)
    canvas.paint(ribs, marrow + 120)
    canvas.paint(ribs & (frame.y > frame.middle_y + 0.6 * frame.half_depth), 110.0)
    ahead = frame.y > frame.middle_y + 0.5 * frame.half_depth
    canvas.paint(wall & ahead & (np.abs(frame.x) < 18) & (frame.z > frame.liver_top), marrow)
    blade = (depth > inner - 20) & (depth < inner - 12) & (np.abs(frame.x) > 60)
    blade = blade & (frame.y < frame.middle_y - 15) & (frame.z > frame.liver_top + 60)
    canvas.paint(blade, marrow + 120)


def draw_vessels(canvas: Canvas) -> None:
    """Aorta and vena cava along the spine, with calcium now and then."""
    frame, random, phase = canvas.frame, canvas.random, canvas.phase
    y, radius = frame.spine_y + 30, random.uniform(8, 14)
    aorta = canvas.column(y, -11.0, radius, radius) & (frame.z > -60)
    if random.random() < 0.4:
        rim = aorta & ~canvas.column(y, -11.0, radius - 4, radius - 4)
        canvas.paint(rim & (canvas.noise(3.0) > 1.2), 500.0)
        aorta = aorta & ~canvas.taken
    canvas.paint(aorta, random.normal(*phase.aorta))
    flat = random.uniform(6, 13)
    cava = canvas.column(y, 19.0, flat, random.uniform(9, 13)) & (frame.z > -60)
    canvas.paint(cava & (frame.z < frame.liver_top), random.normal(*phase.vein))


def draw_chest(canvas: Canvas, liver: np.ndarray) -> None:
    """Lungs above their domes, heart, great vessels and windpipe between them.

    Parameters
    ----------
    liver : array
        Distance from the liver's border, mm.
    """
    frame, random, phase = canvas.frame, canvas.random, canvas.phase
    inner = frame.fat + frame.muscle + PLEURA_MM
    within = (canvas.depth > inner) & (frame.z < frame.apex)
    between = _mediastinum(canvas)
    air = random.normal(-840, 45) + 25 * canvas.noise(3.0)
    air = air - 0.25 * (frame.y - frame.middle_y) * random.uniform(0, 1.5)
    vessels = np.abs(canvas.noise(3.5)) < random.uniform(0.02, 0.08)
    air = np.where(vessels, air + random.uniform(200, 600), air)
    top = frame.liver_top + random.uniform(3, 12)
    tops = {"right lung": top, "left lung": top - random.uniform(-5, 30)}
    for name, side in (("right lung", 1), ("left lung", -1)):
        across = (frame.x - side * 0.5 * frame.half_width) / (0.5 * frame.half_width)
        along = (frame.y - frame.middle_y - 10) / (0.75 * frame.half_depth)
        dome = tops[name] - 95 * np.clip(across**2 + along**2, 0, 1.4) ** 1.5
        where = within & ~between & (side * frame.x > 0) & (frame.z > dome) & (liver > PLEURA_MM)
        canvas.paint(where, air, name)
        if random.random() < 0.15:
            fluid = where & (frame.y < frame.middle_y - random.uniform(0.3, 0.8) * frame.half_depth)
            canvas.paint(fluid, random.normal(15, 8))
    canvas.fill(within & between & (frame.z > frame.liver_top - 30), FAT + 30)
    heart = (frame.liver_top + 32, frame.middle_y + 0.25 * frame.half_depth, -22.0)
    canvas.paint(canvas.ellipsoid(heart, random.uniform(40, 58, 3)), random.normal(*phase.vein))
    carina = frame.liver_top + 0.55 * frame.lung_height
    pipe = canvas.column(frame.spine_y + 42, 0.0, 8, 8) & (frame.z > carina)
    great = (carina - 20, frame.middle_y + 10, -5.0)
    canvas.paint(canvas.ellipsoid(great, (45, 28, 34)), random.normal(*phase.aorta))
    canvas.paint(pipe, AIR + 30)
    for side in (-1, 1):
        branch = (carina - 12, frame.spine_y + 40, side * 22.0)
        canvas.paint(canvas.ellipsoid(branch, (7, 6, 26)), AIR + 60)


def _mediastinum(canvas):
    """Between the lungs: the heart's bed below, narrow behind and above."""
    frame, random = canvas.frame, canvas.random
    width = np.where(frame.y < frame.spine_y + 18, 24.0, random.uniform(16, 34))
    bed = canvas.ellipsoid(
        (frame.liver_top + 32, frame.middle_y + 0.25 * frame.half_depth, -22.0),
        random.uniform(48, 66, 3),
    )
    hila = canvas.ellipsoid(
        (frame.liver_top + 0.5 * frame.lung_height, frame.spine_y + 40, 0.0), (40, 32, 50)
    )
    return (np.abs(frame.x) < width) | bed | hila


def draw_abdomen(canvas: Canvas, liver: np.ndarray, kidneys: np.ndarray) -> None:
    """Spleen, stomach, gall bladder, pancreas and bowel with gas, fluid and contrast.

    Parameters
    ----------
    liver, kidneys : arrays
        Distances from their borders, mm.
    """
    frame, random, phase = canvas.frame, canvas.random, canvas.phase
    inner = frame.fat + frame.muscle
    within = (canvas.depth > inner + 3) & (liver > 1) & (kidneys > 3) & ~canvas.taken
    left = -(frame.half_width - inner - 38)
    spleen = canvas.ellipsoid(
        (frame.liver_top - random.uniform(55, 85), frame.spine_y + 12, left),
        (random.uniform(35, 65), random.uniform(28, 45), random.uniform(20, 30)),
    )
    patches = (30 if phase.name == "arterial" else 5) * canvas.noise(4.0)
    canvas.fill(spleen & within, random.normal(*phase.spleen) + patches)
    _stomach(canvas, within)
    gall = (frame.liver_top - random.uniform(120, 150), frame.middle_y + 25, random.uniform(30, 60))
    canvas.fill(canvas.ellipsoid(gall, random.uniform(10, 22, 3)) & within, random.normal(8, 6))
    pancreas = canvas.ellipsoid((25.0, frame.spine_y + 55, -10.0), (16, 14, 75))
    lumps = canvas.noise(2.0) > -0.5
    canvas.fill(pancreas & lumps & within, random.normal(*phase.liver) - 10)
    for side in (-1, 1):
        at = frame.middle_y + random.uniform(-20, 30), side * (frame.half_width - inner - 30)
        colon = canvas.column(*at, random.uniform(14, 26), random.uniform(14, 26))
        faeces = random.normal(-20, 40) + random.uniform(20, 200) * canvas.noise(2.0)
        canvas.fill(colon & within & (frame.z < frame.liver_top - 130), faeces)
        # its bends touch liver and spleen
        bend = (frame.liver_top - random.uniform(100, 160), at[0] + 20, 0.8 * at[1])
        canvas.fill(canvas.ellipsoid(bend, random.uniform(18, 38, 3)) & within, faeces + 30)
    _bowel(canvas, within)


def _stomach(canvas, within):
    """Fluid below, gas above, as it lies on its back."""
    frame, random = canvas.frame, canvas.random
    centre = (frame.liver_top - random.uniform(40, 90), frame.middle_y + 25, -55.0)
    radii = random.uniform((30, 25, 28), (60, 45, 50))
    inside = canvas.ellipsoid(centre, radii) & within
    content = random.choice([15.0, 35.0, 60.0, 220.0]) + random.uniform(2, 30) * canvas.noise(2.0)
    level = centre[1] + radii[1] * random.uniform(-0.2, 1.0)
    canvas.fill(inside, np.where(frame.y > level, -900.0, content))


def _bowel(canvas, within):
    """Coils before and beside the spine: walls, and what they hold."""
    frame, random = canvas.frame, canvas.random
    wide = random.uniform(6, 10)
    coils = np.abs(canvas.noise(wide)) < random.uniform(0.25, 0.7)
    there = frame.z < frame.liver_top - random.uniform(60, 120)
    inside = coils & within & there & (frame.y > frame.spine_y + random.uniform(20, 45))
    kind = canvas.noise(1.5 * wide)
    wall = random.normal(55, 20)
    content = np.where(kind > 0.3, random.choice([10.0, 30.0, 300.0]), wall)
    content = np.where((kind < -0.7) & (canvas.noise(5.0) > 0), -850.0, content)
    canvas.fill(inside, content + 8 * canvas.noise(2.0))


def draw_pelvis(canvas: Canvas) -> None:
    """Hip bones, sacrum, bladder and the muscles around."""
    frame, random, depth = canvas.frame, canvas.random, canvas.depth
    crest = -random.uniform(80, 130)
    low, inner = frame.z < crest, frame.fat + frame.muscle
    muscle = 52 + 10 * canvas.noise(2.5)
    behind = frame.y < frame.middle_y - 0.15 * frame.half_depth
    canvas.paint(low & behind & (depth > frame.fat) & (depth < inner + 25), muscle)
    bone = random.normal(260, 80) + 60 * canvas.noise(2.0)
    beside = (np.abs(frame.x) > 45) & (frame.y < frame.middle_y + 0.5 * frame.half_depth)
    canvas.paint(low & beside & (depth > inner + 18) & (depth < inner + 30), bone)
    sacrum = canvas.ellipsoid((crest - 50, frame.spine_y - 12, 0.0), (70, 24, 50))
    canvas.paint(sacrum & low, bone)
    for side in (-1, 1):
        joint = (crest - 150, frame.middle_y, side * 85.0)
        canvas.paint(canvas.ball(joint, 30), bone + 60)
    bladder = canvas.ellipsoid(
        (crest - 140, frame.middle_y + 20, 0.0), random.uniform((15, 20, 20), (50, 45, 55))
    )
    canvas.fill(bladder & low, random.choice([5.0, 10.0, 250.0]))
    canvas.fill(low & (depth > inner + 60) & (frame.z < crest - 100), 40.0)


def draw_outside(canvas: Canvas) -> None:
    """Table, arms beside the body, and what lies outside of the field of view."""
    frame, random = canvas.frame, canvas.random
    back = frame.middle_y - frame.half_depth
    bend = 0.0012 * random.uniform(0, 1) * frame.x**2
    table = np.abs(frame.y - (back - random.uniform(6, 25) + bend)) < random.uniform(3, 8)
    canvas.fill(table & (canvas.depth < 0), random.uniform(-700, 150))
    if random.random() < 0.25:
        for side in (-1, 1):
            at = frame.middle_y + random.uniform(-30, 10), side * (frame.half_width + 48)
            canvas.fill(canvas.column(*at, 38, 38) & (canvas.depth < 0), FAT)
            canvas.fill(canvas.column(*at, 30, 30) & (canvas.depth < 0), 50.0)
            canvas.paint(canvas.column(*at, 10, 10) & (canvas.depth < 0), 500.0)
    if random.random() < 0.35:
        reach = frame.half_width * random.uniform(0.85, 1.15)
        outside = (frame.x - random.normal(0, 8)) ** 2 + (frame.y - frame.middle_y) ** 2 > reach**2
        canvas.paint(outside, random.choice([AIR, -1024.0]))
