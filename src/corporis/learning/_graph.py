"""Writing a convolutional network as an ONNX graph, node by node."""

import numpy as np

OUTPUT = "probability"
"""Name of every graph's output."""


class Graph:
    """An ONNX graph under construction; each method adds nodes and names their output."""

    def __init__(self):
        self.nodes, self.arrays = [], []

    def node(self, kind, *inputs, output=None, **attributes):
        import onnx

        output = output or f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(onnx.helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def array(self, values):
        import onnx

        name = f"w{len(self.arrays)}"
        values = np.ascontiguousarray(values, dtype=np.float32)
        self.arrays.append(onnx.numpy_helper.from_array(values, name))
        return name

    def half(self, values):
        """Weights kept in half precision, which halves the file, and widened when it is read."""
        import onnx

        name = f"w{len(self.arrays)}"
        values = np.ascontiguousarray(values, dtype=np.float16)
        self.arrays.append(onnx.numpy_helper.from_array(values, name))
        return self.node("Cast", name, to=onnx.TensorProto.FLOAT)

    def double(self, x, n_dims=2):
        scales = self.array([1, 1] + [2] * n_dims)
        return self.node(
            "Resize", x, "", scales, mode="nearest",
            coordinate_transformation_mode="asymmetric", nearest_mode="floor",
        )  # fmt: skip

    def level(self, x, block, *, fold=1):
        for convolution, norm in ((block[0], block[1]), (block[3], block[4])):
            gain = norm.weight / (norm.running_var + norm.eps).sqrt()
            n_dims = convolution.weight.ndim - 2
            gains = gain.reshape(-1, *[1] * (n_dims + 1))
            weight = (convolution.weight * gains).detach().numpy()
            bias = (norm.bias - norm.running_mean * gain).detach().numpy()
            if fold > 1:
                # torch folds channel-major, ONNX block-major: reorder the input channels once
                shape = (len(weight), -1, fold**2, 3, 3)
                weight = weight.reshape(shape).swapaxes(1, 2).reshape(weight.shape)
                fold = 1
            weight, bias = self.half(weight), self.array(bias)
            around = {"kernel_shape": [3] * n_dims, "pads": [1] * (2 * n_dims)}
            x = self.node("Conv", x, weight, bias, **around)
            x = self.node("Relu", x)
        return x

    def blocks(self, kind, x, fold, n_channels, **names):
        """Blocks of voxels made channels ("Conv"), or channels blocks again ("ConvTranspose").

        ONNX folds planes only; a convolution whose weights are 0 and 1 folds volumes too.
        """
        weight = np.zeros((n_channels, fold**3, n_channels, fold**3))
        weight[...] = np.einsum("ij,kl->ikjl", np.eye(n_channels), np.eye(fold**3))
        weight = self.array(weight.reshape(n_channels * fold**3, n_channels, *[fold] * 3))
        return self.node(kind, x, weight, kernel_shape=[fold] * 3, strides=[fold] * 3, **names)

    def serialise(self, n_in, n_out, n_dims=2):
        import onnx

        def port(name, channels):
            shape = ["n", channels, *("slices", "rows", "columns")[-n_dims:]]
            return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)

        graph = onnx.helper.make_graph(
            self.nodes, "unet", [port("x", n_in)], [port(OUTPUT, n_out)], self.arrays
        )
        opset = [onnx.helper.make_opsetid("", 17)]
        model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=8)
        onnx.checker.check_model(model)
        return model.SerializeToString()
