"""Small convolutional networks: described, trained with torch, run anywhere with onnxruntime.

`UNet` is the description, `fit` the training, `Network` what is kept: the bytes of an ONNX graph.
Importing this module needs neither torch nor onnxruntime; each is imported where it works.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from corporis.errors import BadInput, MissingExtra
from corporis.learning._graph import OUTPUT, Graph


@dataclass(frozen=True)
class Network:
    """A trained network: an ONNX graph with one input ``x`` and one output, ready to run.

    Parameters
    ----------
    onnx : bytes
        The serialised graph; equality and pickling of a `Network` are those of its bytes.
    n_threads : int
        Threads of one call, >= 1.

    Raises
    ------
    ValueError
        If `n_threads` < 1.
    """

    onnx: bytes = field(repr=False)
    n_threads: int = 2

    def __post_init__(self):
        if self.n_threads < 1:
            raise ValueError(f"n_threads must be >= 1, got {self.n_threads}")

    @classmethod
    def load(cls, path, *, n_threads: int = 2) -> "Network":
        """Read the graph that `save` wrote to `path`."""
        return cls(Path(path).read_bytes(), n_threads)

    def channels(self) -> tuple[int, int]:
        """Channels that go in and come out.

        Raises
        ------
        ValueError
            If the bytes are not the graph of such a network.
        """
        try:
            session = self._session()
            (given,), (found,) = session.get_inputs(), session.get_outputs()
            return int(given.shape[1]), int(found.shape[1])
        except Exception as error:  # onnxruntime's own errors share no root of their own
            raise ValueError(
                "expected the ONNX graph of a network from images to images, got something else"
            ) from error

    @classmethod
    def of_folder(
        cls, folder, name: str, remedy: str, channels: tuple[int, int] | None = None
    ) -> "Network":
        """Read the graph `name` in `folder`, opened at once: damage is met before any work.

        Parameters
        ----------
        folder : path
        name : str
        remedy : str
            What to do if it is not there, or is another.
        channels : (int, int), optional
            That must go in and come out; any if not given.

        Raises
        ------
        BadInput
            If it is not there, damaged, or has other channels.
        """
        path = Path(folder) / name
        if not path.is_file():
            raise BadInput(f"{path.parent.name}: no {name} there: {remedy}")
        try:
            network = cls.load(path)
            found = network.channels()
        except (OSError, ValueError) as error:
            raise BadInput(
                f"{name}: expected the network that training wrote, got a damaged file or another "
                f"kind: {remedy}"
            ) from error
        if channels is not None and found != channels:
            raise BadInput(
                f"{name}: expected a network of {channels[0]} channels in and {channels[1]} out, "
                f"got {found[0]} and {found[1]}: {remedy}"
            )
        return network

    def save(self, path) -> None:
        """Write the graph to `path`, an ``.onnx`` file that any ONNX tool opens."""
        Path(path).write_bytes(self.onnx)

    def __call__(self, x) -> np.ndarray:
        """Output for a batch `x`, (n, channels, rows, columns) or of volumes, as float32."""
        x = np.ascontiguousarray(x, dtype=np.float32)
        return self._session().run(None, {"x": x})[0]

    def _session(self):
        # The session is derived from the bytes and costs milliseconds to build: it is kept out
        # of the fields, so that a Network stays a value that can be compared, pickled and sent.
        session = self.__dict__.get("_cached_session")
        if session is None:
            import onnxruntime

            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = self.n_threads
            options.inter_op_num_threads = 1
            options.log_severity_level = 3
            session = onnxruntime.InferenceSession(
                self.onnx, options, providers=["CPUExecutionProvider"]
            )
            object.__setattr__(self, "_cached_session", session)
        return session

    def __getstate__(self):
        return {"onnx": self.onnx, "n_threads": self.n_threads}


@dataclass(frozen=True)
class UNet:
    """Encoder and decoder joined by skips, which gives class probabilities to every pixel.

    Each level is two 3x3 convolutions with batch normalisation and ReLU; levels are joined by
    2x2 maxima and nearest-neighbour doubling. The image is first folded, `fold` x `fold` pixels
    becoming channels, and unfolded at the end: most of the accuracy of full resolution at a
    fraction of its cost. In three dimensions all of these are cubes.

    Parameters
    ----------
    n_in, n_out : int
        Channels of the image and classes.
    widths : tuple of int
        Channels at each level, finest first.
    fold : int
        Side of the block of pixels that is folded into channels, >= 1. Image sides must be
        multiples of ``fold * 2**(len(widths) - 1)``.
    gives_probabilities : bool
        Whether the exported network ends in a softmax over its channels, or gives them as they
        are: for regression, or where each channel is a question of its own.
    n_dims : {2, 3}
        Of the images: planes or volumes.

    Raises
    ------
    ValueError
        If `n_dims` is another number.

    References
    ----------
    Ronneberger, Fischer & Brox (2015), MICCAI, doi:10.1007/978-3-319-24574-4_28
    Shi et al. (2016), CVPR (pixel unfolding), doi:10.1109/CVPR.2016.207
    Cicek et al. (2016), MICCAI (three dimensions), doi:10.1007/978-3-319-46723-8_49
    """

    n_in: int
    n_out: int
    widths: tuple[int, ...] = (32, 64, 96, 128)
    fold: int = 2
    gives_probabilities: bool = True
    n_dims: int = 2

    def __post_init__(self):
        if self.n_dims not in (2, 3):
            raise ValueError(f"n_dims must be 2 or 3, got {self.n_dims}")

    @property
    def multiple(self) -> int:
        """What both sides of an image must be a multiple of."""
        return self.fold * 2 ** (len(self.widths) - 1)

    def torch(self):
        """A fresh trainable ``torch.nn.Module`` that gives logits; draws from torch's seed."""
        torch = import_torch()
        nn, functional = torch.nn, torch.nn.functional
        fold, is_flat = self.fold, self.n_dims == 2
        convolution = nn.Conv2d if is_flat else nn.Conv3d
        norm = nn.BatchNorm2d if is_flat else nn.BatchNorm3d
        largest = functional.max_pool2d if is_flat else functional.max_pool3d
        folded = functional.pixel_unshuffle if is_flat else _blocks_to_channels
        unfolded = functional.pixel_shuffle if is_flat else _channels_to_blocks

        def level(n_before, n_after):
            layers = []
            for n in (n_before, n_after):
                layers += [
                    convolution(n, n_after, 3, padding=1, bias=False),
                    norm(n_after),
                    nn.ReLU(inplace=True),
                ]
            return nn.Sequential(*layers)

        class Module(nn.Module):
            def __init__(self, n_in, n_out, widths, n_folded):
                super().__init__()
                before = (n_in * n_folded, *widths[:-1])
                self.down = nn.ModuleList(map(level, before, widths))
                self.up = nn.ModuleList(
                    level(deep + skip, skip)
                    for deep, skip in zip(widths[:0:-1], widths[-2::-1], strict=True)
                )
                self.head = convolution(widths[0], n_out * n_folded, 1)

            def forward(self, x):
                x = folded(x, fold)
                skips = []
                for depth, block in enumerate(self.down):
                    x = block(largest(x, 2) if depth else x)
                    skips.append(x)
                for block, skip in zip(self.up, skips[-2::-1], strict=True):
                    x = functional.interpolate(x, scale_factor=2.0, mode="nearest")
                    x = block(torch.cat([x, skip], 1))
                return unfolded(self.head(x), fold)

        return Module(self.n_in, self.n_out, self.widths, fold**self.n_dims)

    def trained(
        self,
        batch: Callable,
        loss: Callable,
        *,
        n_steps: int,
        seed: int = 0,
        threads: int = 1,
        learning_rate: float = 3e-3,
        memory: float = 0.998,
        progress: Callable[[int, float], None] | None = None,
    ) -> Network:
        """A fresh network that `fit` has taught; the same seed and threads give the same weights.

        Parameters
        ----------
        batch, loss, n_steps, learning_rate, memory, progress
            See `fit`.
        seed : int
            Of the weights at the start.
        threads : int
            Threads of torch; set for the process, as torch allows no other way.
        """
        torch = import_torch()
        torch.set_num_threads(threads)
        torch.manual_seed(seed)
        module = fit(
            self.torch(),
            batch,
            loss,
            n_steps=n_steps,
            learning_rate=learning_rate,
            memory=memory,
            progress=progress,
        )
        return self.export(module)

    def export(self, module, *, n_threads: int = 2) -> Network:
        """The trained `module` as a `Network`, with a softmax behind it where asked.

        The graph is written node by node, with batch normalisation folded into the
        convolutions, because torch's exporter needs packages beyond torch and onnx.
        """
        graph, n_dims = Graph(), self.n_dims
        is_flat = n_dims == 2
        if is_flat:
            x = graph.node("SpaceToDepth", "x", blocksize=self.fold)
        else:
            x = graph.blocks("Conv", "x", self.fold, self.n_in)
        skips = []
        for depth, block in enumerate(module.down):
            if depth:
                x = graph.node("MaxPool", x, kernel_shape=[2] * n_dims, strides=[2] * n_dims)
            x = graph.level(x, block, fold=1 if depth or not is_flat else self.fold)
            skips.append(x)
        for block, skip in zip(module.up, skips[-2::-1], strict=True):
            x = graph.level(graph.node("Concat", graph.double(x, n_dims), skip, axis=1), block)
        weight, bias = (p.detach().numpy() for p in module.head.parameters())
        x = graph.node("Conv", x, graph.half(weight), graph.array(bias), kernel_shape=[1] * n_dims)
        last = {} if self.gives_probabilities else {"output": OUTPUT}
        if is_flat:
            x = graph.node("DepthToSpace", x, blocksize=self.fold, mode="CRD", **last)
        else:
            x = graph.blocks("ConvTranspose", x, self.fold, self.n_out, **last)
        if self.gives_probabilities:
            graph.node("Softmax", x, axis=1, output=OUTPUT)
        return Network(graph.serialise(self.n_in, self.n_out, n_dims), n_threads)


def _blocks_to_channels(x, fold):
    """Volumes (n, c, a, b, d) as (n, c fold^3, a/fold, b/fold, d/fold), channels first."""
    n, c, *sizes = x.shape
    split = [part for size in sizes for part in (size // fold, fold)]
    x = x.reshape(n, c, *split).permute(0, 1, 3, 5, 7, 2, 4, 6)
    return x.reshape(n, c * fold**3, *(size // fold for size in sizes))


def _channels_to_blocks(x, fold):
    """The inverse of `_blocks_to_channels`."""
    n, c, *sizes = x.shape
    x = x.reshape(n, c // fold**3, fold, fold, fold, *sizes).permute(0, 1, 5, 2, 6, 3, 7, 4)
    return x.reshape(n, c // fold**3, *(size * fold for size in sizes))


def fit(
    module,
    batch: Callable,
    loss: Callable,
    *,
    n_steps: int,
    learning_rate: float = 3e-3,
    weight_decay: float = 0.02,
    memory: float = 0.998,
    progress: Callable[[int, float], None] | None = None,
):
    """Minimise ``loss(module(x), y)`` over random batches; the averaged weights are returned.

    AdamW under a one-cycle learning rate; the result is an exponential moving average of the
    weights along the way. Convolutions of planes run in bfloat16 where the processor has it
    (measured 1.6 times as fast here), the loss in float32. A CUDA device is used where torch finds
    one.

    Parameters
    ----------
    module : torch.nn.Module
        Changed in place while it learns.
    batch : callable
        ``batch(step) -> (x, y)``: input (n, channels, rows, columns), or volumes, and a tensor
        for `loss`, both of the processor. Sides may differ from step to step; steps from `n_steps`
        on ask for what the network will meet.
    loss : callable
        ``loss(logits, y) -> scalar tensor``; its arguments lie where the training runs.
    n_steps : int
        Optimisation steps, >= 1.
    learning_rate, weight_decay : float
        Peak learning rate, and AdamW's decoupled decay.
    memory : float
        Decay of the moving average per step; it starts shorter, so early weights are forgotten.
    progress : callable, optional
        Called as ``progress(step, loss)`` after each step.

    Returns
    -------
    torch.nn.Module
        A copy of `module` with averaged weights, in evaluation mode, back on the processor.

    Raises
    ------
    BadInput
        If the loss is not finite: every weight would be NaN from then on.
    """
    torch = import_torch()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    is_flat = max(p.dim() for p in module.parameters()) < 5
    layout = torch.channels_last if is_flat else torch.channels_last_3d
    module = module.to(device, memory_format=layout).train()
    average = torch.optim.swa_utils.AveragedModel(
        module,
        multi_avg_fn=lambda means, values, count: torch._foreach_lerp_(
            means, values, 1 - min(memory, (1 + float(count)) / (10 + float(count)))
        ),
        use_buffers=False,
    )
    optimiser = torch.optim.AdamW(module.parameters(), learning_rate, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, learning_rate, total_steps=n_steps, pct_start=0.15
    )
    # Without instructions for it bfloat16 is emulated, ten times slower than float32; volumes take
    # 1.5 times as long with them (measured).
    has_half = is_flat and torch.cpu._is_avx512_bf16_supported()
    is_quick_in_half = device.type == "cuda" or has_half
    for step in range(n_steps):
        x, y = batch(step)
        x = x.to(device, memory_format=layout)
        with torch.autocast(device.type, torch.bfloat16, enabled=is_quick_in_half):
            logits = module(x)
        value = loss(logits.float(), y.to(device))
        _check_loss(value, step)
        optimiser.zero_grad(set_to_none=True)
        value.backward()
        optimiser.step()
        schedule.step()
        average.update_parameters(module)
        if progress is not None:
            progress(step, value.item())
    steps = range(n_steps, n_steps + min(40, n_steps))
    return _renormalised(average.module, batch, steps, device, layout).cpu()


def _check_loss(value, step):
    if not value.isfinite():
        raise BadInput(
            f"training: expected a finite loss, got {value.item()} in step {step + 1}: look for "
            "NaN in what it learns from, or lower the learning rate"
        )


def _renormalised(module, batch, steps, device, layout):
    """`module` with batch-normalisation statistics measured anew, for averaged weights."""
    torch = import_torch()
    kinds = torch.nn.BatchNorm2d, torch.nn.BatchNorm3d
    norms = [m for m in module.modules() if isinstance(m, kinds)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over the batches
    module.train()
    with torch.no_grad():
        for step in steps:
            module(batch(step)[0].to(device, memory_format=layout))
    return module.eval()


def import_torch():
    """The torch package, or `MissingExtra` with the command that installs it."""
    try:
        import torch
    except ImportError:
        raise MissingExtra("torch", "train", "training a network") from None
    return torch
