"""Features of views by a network from elsewhere, given as an ONNX file."""

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from corporis.errors import BadInput
from corporis.imaging.guard import one_line

IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and standard deviation of colours, 0 to 1, that most encoders were trained with."""
AT_A_TIME = 16
"""Views given to the network at once, where it takes more than one."""
LARGEST_MB = 900
"""Of a file that is kept in an index."""
FAMILY = "encoder"


@dataclass(frozen=True)
class FeatureNetwork:
    """A network from colour images (n, 3, side, side) to features (n, d), or to maps, averaged.

    Parameters
    ----------
    onnx : bytes
        The graph, complete in itself.
    mean, deviation : (float, float, float)
        Of red, green and blue between 0 and 1: what is subtracted, and divided by, > 0.
    side : int or None
        Pixels of the input; None takes what the graph says.

    Raises
    ------
    BadInput
        If the graph is no such network, does not say its size and none is given, or says another.
    """

    onnx: bytes = field(repr=False)
    mean: tuple[float, float, float] = IMAGENET[0]
    deviation: tuple[float, float, float] = IMAGENET[1]
    side: int | None = None
    batch: int | None = field(default=None, init=False)
    n_features: int = field(default=0, init=False)

    def __post_init__(self):
        if not all(np.isfinite([*self.mean, *self.deviation])) or min(self.deviation) <= 0:
            raise BadInput(
                f"encoder: means and deviations of three colours, the latter > 0, were expected, "
                f"got {self.mean} and {self.deviation}"
            )
        if len(self.onnx) > LARGEST_MB * 2**20:
            raise BadInput(f"encoder: larger than {LARGEST_MB} MB: give a smaller network")
        side, batch = self._sizes()
        object.__setattr__(self, "side", side)
        object.__setattr__(self, "batch", batch)
        probe = self._run(np.zeros((batch or 1, 3, side, side), np.float32))
        if not np.isfinite(probe).all():
            raise BadInput("encoder: gives features that are not finite for a plain image")
        object.__setattr__(self, "n_features", probe.shape[1])

    def _sizes(self):
        """Side of the input, and how many images it takes at once (None: any)."""
        try:
            (given,) = self._session().get_inputs()
            shape, kind = list(given.shape), given.type
        except Exception as error:  # onnxruntime's own errors share no root of their own
            raise BadInput(
                f"encoder: expected an ONNX graph with one input, got something else "
                f"({one_line(error, 80)})"
            ) from error
        if len(shape) != 4 or shape[1] != 3 or kind != "tensor(float)":
            raise BadInput(
                f"encoder: expected an input (images, 3, rows, columns) of float, got {shape} of "
                f"{kind}"
            )
        said = {n for n in shape[2:] if isinstance(n, int) and n > 0}
        wanted = {self.side} if self.side is not None else set()
        if len(said | wanted) != 1:
            raise BadInput(
                f"encoder: takes {one_line(shape[2:])} pixels: give --encoder-side, one number "
                "that it takes"
            )
        (side,) = said | wanted
        return side, shape[0] if isinstance(shape[0], int) else None

    def _session(self):
        # derived from the bytes, and kept out of the fields, which can be compared and sent
        session = self.__dict__.get("_cached_session")
        if session is None:
            import onnxruntime

            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            options.log_severity_level = 4
            session = onnxruntime.InferenceSession(
                self.onnx, options, providers=["CPUExecutionProvider"]
            )
            object.__setattr__(self, "_cached_session", session)
        return session

    def __getstate__(self):
        return {k: v for k, v in self.__dict__.items() if k != "_cached_session"}

    def _run(self, x):
        name = self._session().get_inputs()[0].name
        try:
            found = np.asarray(self._session().run(None, {name: x})[0], np.float32)
        except Exception as error:  # as above
            raise BadInput(
                f"encoder: does not take {x.shape} ({one_line(error, 80)}): export it again"
            ) from error
        if found.ndim == 4:  # maps: their mean
            found = found.mean(axis=(2, 3))
        if found.ndim != 2 or len(found) != len(x):
            raise BadInput(
                f"encoder: expected features (images, features), got the shape {found.shape}"
            )
        return found

    def __call__(self, views) -> np.ndarray:
        """Features (n, n_features) float32 of views, each (h, w, 3) of uint8 and any size."""
        from PIL import Image as Pillow

        assert self.side is not None  # set at birth
        size = (self.side, self.side)
        mean, deviation = np.array(self.mean, np.float32), np.array(self.deviation, np.float32)
        x = np.stack(
            [
                np.asarray(Pillow.fromarray(v).resize(size, Pillow.Resampling.BILINEAR))
                for v in views
            ]
        )
        x = (x.astype(np.float32) / 255 - mean) / deviation
        x = np.ascontiguousarray(x.transpose(0, 3, 1, 2), np.float32)
        step = self.batch or AT_A_TIME
        parts = []
        for start in range(0, len(x), step):
            part = x[start : start + step]
            missing = (self.batch or len(part)) - len(part)
            filled = np.concatenate([part, np.repeat(part[-1:], missing, axis=0)])
            parts.append(self._run(filled)[: len(part)])
        return np.concatenate(parts)

    def names(self) -> tuple[str, ...]:
        """Of the features."""
        return tuple(f"{FAMILY}.f{i}" for i in range(self.n_features))

    def stated(self, side_um: float) -> str:
        """One line on what goes in and comes out; a view is `side_um` wide."""
        mean, deviation = (", ".join(f"{v:g}" for v in t) for t in (self.mean, self.deviation))
        return (
            f"encoder: views of {side_um:.0f} um as {self.side} x {self.side} pixels "
            f"({side_um / (self.side or 1):.2f} um/px), colours 0 to 1 less ({mean}) by "
            f"({deviation}), {self.n_features} features"
        )

    def to_bytes(self) -> bytes:
        """All of it: a line of JSON, and the graph."""
        head: dict[str, Any] = {"mean": self.mean, "deviation": self.deviation, "side": self.side}
        return json.dumps(head, sort_keys=True).encode() + b"\n" + self.onnx

    @classmethod
    def from_bytes(cls, content: bytes) -> "FeatureNetwork":
        """What `to_bytes` gave."""
        head, _, onnx = content.partition(b"\n")
        held = json.loads(head)
        return cls(onnx, tuple(held["mean"]), tuple(held["deviation"]), held["side"])
