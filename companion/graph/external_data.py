"""Writes a graph with its weights beside it, as the hub has them: `x.onnx`, `x.onnx_data`, `x.onnx_data_1`, ..."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

ALIGN = 64
PART_BYTES = 2_000_000_000  # browsers refuse larger buffers
LITTLE = 256  # bytes: smaller tensors stay in the graph


class ExternalData:
    """The weights of one graph while it is written. Files get their names when all is there: data first, graph last."""

    def __init__(self, graph_path: Path):
        self._path = graph_path
        self._parts: list[Path] = []
        self._file = None

    def tensor(self, name: str, array: np.ndarray) -> TensorProto:
        """An initializer whose bytes lie in the data files (or, when few, in itself)."""
        array = np.ascontiguousarray(array)
        tensor = TensorProto(name=name, dims=array.shape, data_type=helper.np_dtype_to_tensor_dtype(array.dtype))
        if array.nbytes < LITTLE:
            tensor.raw_data = array.tobytes()
            return tensor
        if self._file is None or self._file.tell() + array.nbytes > PART_BYTES:
            self._next_part()
        self._file.write(b"\0" * (-self._file.tell() % ALIGN))
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", self._parts[-1].name), ("offset", self._file.tell()), ("length", array.nbytes)):
            tensor.external_data.add(key=key, value=str(value))
        self._file.write(array.data)
        return tensor

    def _next_part(self) -> None:
        self.close()
        suffix = f"_{len(self._parts)}" if self._parts else ""
        self._parts.append(self._path.with_name(f"{self._path.name}_data{suffix}"))
        self._file = open(_beside(self._parts[-1]), "wb")

    def close(self) -> None:
        if self._file:
            self._file.close()

    def finish(self, model: onnx.ModelProto) -> int:
        """Writes the graph and gives all files their names; the number of data files."""
        self.close()
        _beside(self._path).write_bytes(model.SerializeToString())
        for path in (*self._parts, self._path):
            _beside(path).rename(path)
        return len(self._parts)


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".part")
