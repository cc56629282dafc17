"""Velocity fields: advection, incompressible flow, walls, particles.

The room marks the place of flows in the import order, beside `deformables` and `learning`; no
application of this version needs one.
"""

__all__: list[str] = []
