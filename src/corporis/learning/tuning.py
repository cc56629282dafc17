"""Trained networks that go on learning: rebuilt from their graph, moved a little, kept in check."""

from collections.abc import Callable

import numpy as np

from corporis.learning.networks import Network, UNet, import_torch


def restored(form: UNet, network: Network):
    """A trainable ``torch.nn.Module`` that computes what `network` does.

    Its batch normalisation was folded into the convolutions when it was exported; here it stays,
    as a scale and an offset of each channel, and must not be measured anew.

    Parameters
    ----------
    form : UNet
        The description that the network was exported from.
    network : Network

    Returns
    -------
    torch.nn.Module
        In evaluation mode.

    Raises
    ------
    ValueError
        If the graph is not of this form.
    corporis.errors.MissingExtra
        If torch is not installed.
    """
    torch = import_torch()
    module = form.torch().eval()
    pairs = _convolutions(network)
    blocks = [*module.down, *module.up]
    targets = [(block[k], block[k + 1]) for block in blocks for k in (0, 3)]
    if len(pairs) != len(targets) + 1:
        raise ValueError(
            f"expected {len(targets) + 1} convolutions as of {form}, got {len(pairs)}: "
            "the graph is of another form"
        )
    with torch.no_grad():
        for number, ((convolution, norm), (weight, bias)) in enumerate(zip(targets, pairs)):
            if number == 0 and form.fold > 1:  # the graph folds block-major, torch channel-major
                shape = (len(weight), form.fold**2, -1, *weight.shape[2:])
                weight = weight.reshape(shape).swapaxes(1, 2).reshape(weight.shape)
            _fill(convolution.weight, weight)
            _fill(norm.bias, bias)
            norm.weight.fill_(1.0)
            norm.running_mean.zero_()
            norm.running_var.fill_(1.0 - norm.eps)
        weight, bias = pairs[-1]
        _fill(module.head.weight, weight)
        _fill(module.head.bias, bias)
    return module


def tuned(
    form: UNet,
    network: Network,
    batch: Callable,
    loss: Callable,
    *,
    n_steps: int,
    learning_rate: float = 3e-4,
    anchor: float = 0.0,
    seed: int = 0,
    threads: int = 1,
    progress: Callable[[int, float], None] | None = None,
) -> Network:
    """A network moved a few steps towards new examples; the one given stays as it is.

    Adam at a rate that rises and falls; the result is the mean of the second half of the way.
    Statistics of batch normalisation are not measured anew: a few examples would misstate them.

    Parameters
    ----------
    form, network
        See `restored`.
    batch, loss : callable
        See `corporis.learning.fit`; mix old examples into the batches, or they are forgotten.
    n_steps : int
        Optimisation steps, >= 1.
    learning_rate : float
        The highest.
    anchor : float
        Weight of half the squared way of all weights from where they began, >= 0.
    seed : int
        Of torch; what is random lies in `batch`.
    threads : int
        Threads of torch; set for the process, as torch allows no other way.
    progress : callable, optional
        Called as ``progress(step, loss)`` after each step.

    Raises
    ------
    ValueError
        If the graph is not of this form, or a number is out of range.
    corporis.errors.MissingExtra
        If torch is not installed.
    """
    if n_steps < 1 or not learning_rate > 0 or not anchor >= 0:
        raise ValueError(
            f"expected n_steps >= 1, learning_rate > 0 and anchor >= 0, got {n_steps}, "
            f"{learning_rate} and {anchor}"
        )
    torch = import_torch()
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    module = restored(form, network).to(memory_format=torch.channels_last)
    weights = list(module.parameters())
    before = [w.detach().clone() for w in weights]
    mean, n_kept = [torch.zeros_like(w) for w in weights], 0
    optimiser = torch.optim.Adam(weights, learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, learning_rate, total_steps=n_steps + 1, pct_start=0.2
    )
    is_quick_in_half = torch.cpu._is_avx512_bf16_supported()
    for step in range(n_steps):
        x, y = batch(step)
        with torch.autocast("cpu", torch.bfloat16, enabled=is_quick_in_half):
            logits = module(x.to(memory_format=torch.channels_last))
        value = loss(logits.float(), y)
        if anchor > 0:
            value = value + 0.5 * anchor * _away(weights, before)
        optimiser.zero_grad(set_to_none=True)
        value.backward()
        optimiser.step()
        schedule.step()
        if step >= n_steps // 2:
            n_kept += 1
            torch._foreach_lerp_(mean, [w.detach() for w in weights], 1 / n_kept)
        if progress is not None:
            progress(step, value.item())
    with torch.no_grad():
        for w, kept in zip(weights, mean):
            w.copy_(kept)
    return form.export(module, n_threads=network.n_threads)


def _away(weights, before):
    """Squared way of all weights from where they began."""
    return sum(((now - then) ** 2).sum() for now, then in zip(weights, before))


def _convolutions(network) -> list[tuple[np.ndarray, np.ndarray]]:
    """Weights and biases of a graph's convolutions in their order."""
    import onnx

    try:
        graph = onnx.load_model_from_string(network.onnx).graph
        held = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
        cast = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Cast"}
        names = [node.input[1:3] for node in graph.node if node.op_type == "Conv"]
        return [(held[cast.get(w, w)].astype(np.float32), held[b]) for w, b in names]
    except Exception as error:  # protobuf's and onnx's own errors share no root of their own
        raise ValueError("expected the graph of a network, got something else") from error


def _fill(parameter, values) -> None:
    """Copy an array into a parameter of the same shape."""
    torch = import_torch()
    if tuple(parameter.shape) != values.shape:
        raise ValueError(
            f"expected weights {tuple(parameter.shape)}, got {values.shape}: the graph is of "
            "another form"
        )
    parameter.copy_(torch.from_numpy(np.array(values, np.float32)))
