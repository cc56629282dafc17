"""Diagnosis: what a measured heart most resembles, how sure that is, and why.

`Diagnosis` is the application; `HeartJudge` the sparse model behind it, trained by `train_judge`
and scored by `evaluate_judge` or `evaluate_elsewhere` beside the ejection fraction alone.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
