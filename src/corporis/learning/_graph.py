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

    def double(self, x):
        scales = self.array([1, 1, 2, 2])
        return self.node(
            "Resize", x, "", scales, mode="nearest",
            coordinate_transformation_mode="asymmetric", nearest_mode="floor",
        )  # fmt: skip

    def level(self, x, block, *, fold=1):
        for convolution, norm in ((block[0], block[1]), (block[3], block[4])):
            gain = norm.weight / (norm.running_var + norm.eps).sqrt()
            weight = (convolution.weight * gain[:, None, None, None]).detach().numpy()
            bias = (norm.bias - norm.running_mean * gain).detach().numpy()
            if fold > 1:
                # torch folds channel-major, ONNX block-major: reorder the input channels once
                shape = (len(weight), -1, fold**2, 3, 3)
                weight = weight.reshape(shape).swapaxes(1, 2).reshape(weight.shape)
                fold = 1
            weight, bias = self.half(weight), self.array(bias)
            x = self.node("Conv", x, weight, bias, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
            x = self.node("Relu", x)
        return x

    def serialise(self, n_in, n_out):
        import onnx

        def port(name, channels):
            shape = ["n", channels, "rows", "columns"]
            return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)

        graph = onnx.helper.make_graph(
            self.nodes, "unet", [port("x", n_in)], [port(OUTPUT, n_out)], self.arrays
        )
        opset = [onnx.helper.make_opsetid("", 17)]
        model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=8)
        onnx.checker.check_model(model)
        return model.SerializeToString()
