"""Shapes: surfaces, outlines and landmarks, their alignment, and priors learned from them.

A `corporis.interfaces.Mesh` is measured and cut here; masks and outlines are compared; shapes in
correspondence are aligned, averaged, and explained by few of their kind
(`SparseShapeComposition`) or by principal modes (`PrincipalShapes`).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
