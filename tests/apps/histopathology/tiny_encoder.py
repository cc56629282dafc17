"""A small ONNX network from colour images to features: averages of random filters."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def tiny_encoder(shape=("n", 3, 32, 32), n_features=6, *, gives_maps=False, poison=False) -> bytes:
    """The graph's bytes; its filters are the same each time."""
    rng = np.random.default_rng(0)
    weight = rng.standard_normal((n_features, 3, 4, 4)).astype(np.float32)
    if poison:
        weight[0] = np.nan
    nodes = [
        helper.make_node("Conv", ["image", "w"], ["c"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Abs", ["c"], ["maps" if gives_maps else "a"]),
    ]
    output, out_shape = "maps", [shape[0], n_features, None, None]
    if not gives_maps:
        output, out_shape = "features", [shape[0], n_features]
        nodes += [
            helper.make_node("GlobalAveragePool", ["a"], ["p"]),
            helper.make_node("Flatten", ["p"], ["features"]),
        ]
    graph = helper.make_graph(
        nodes,
        "encoder",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, list(shape))],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, out_shape)],
        [numpy_helper.from_array(weight, "w")],
    )
    opset = [helper.make_opsetid("", 17)]
    return onnx.helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
