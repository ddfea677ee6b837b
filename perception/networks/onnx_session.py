"""The one file that imports onnxruntime: opens a network file, checks it, runs it on the processor.

Sessions are deterministic and use two threads. These spin while they wait for each other during a run, which is
quicker. Between runs they sleep, since a simulator or a robot client shares the machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from perception.base.errors import ConfigError, ModelError
from perception.base.files import read_bytes
from perception.networks.onnx_file import MAX_BYTES, unsafe

THREADS = 2
INPUTS: Final = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
"""Types of a network's input; who runs it gives and gets 32 bits."""


class OnnxSession:
    """A network file that was opened and whose inputs and outputs fit what the caller feeds and reads.

    path: the file. what: "detector" or "heatmap", for messages. channels: size of axis 1 of the only input, whose
    shape is (1 or N, channels, height, width), of 32 or 16 bits. outputs: number of outputs that the caller reads.
    optional: how many more it reads if there are any. content: what runs, if it is not the file as it is.
    ModelError, in one line, if the file is missing, unreadable, or another network.

    input_shape, output_shapes: as the file declares them, a name or None for a side that is free. metadata: its own.
    """

    def __init__(
        self, path: Path, what: str, *, channels: int, outputs: int, optional: int = 0, content: bytes | None = None
    ) -> None:
        self.path = Path(path)
        self.what = what
        self._session = _open(self.path, what, read_network(self.path, what) if content is None else content)
        inputs = self._session.get_inputs()
        shape = inputs[0].shape if len(inputs) == 1 else []
        if len(shape) != 4 or shape[1] != channels or (isinstance(shape[0], int) and shape[0] != 1):
            have = ", ".join(f"{item.name} {item.shape}" for item in inputs) or "none"
            raise self.error(f"expected one input (1, {channels}, height, width), has {have}")
        if inputs[0].type not in INPUTS:
            raise self.error(f"expected float32 or float16 input, has {inputs[0].type}")
        made = self._session.get_outputs()[: outputs + optional]
        if len(made) < outputs:
            raise self.error(f"expected {outputs} output(s), has {len(made)}")
        self._input, self._type = inputs[0].name, INPUTS[inputs[0].type]
        self._outputs = [item.name for item in made]
        self.output_shapes: list[tuple[Any, ...]] = [tuple(item.shape) for item in made]
        self.input_shape: tuple[Any, ...] = tuple(inputs[0].shape)
        self.metadata: Mapping[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)

    def error(self, problem: str) -> ModelError:
        """A ModelError that names the file, the problem and the next step."""
        return ModelError(f"{self.path}: not a usable {self.what} network: {problem}; {_next_step(self.what)}")

    def run(self, tensor: NDArray[np.float32]) -> Sequence[NDArray[Any]]:
        """The outputs for one input. ModelError if the network refuses it."""
        try:
            given = tensor.astype(self._type, copy=False)
            return [_in_32_bits(item) for item in self._session.run(self._outputs, {self._input: given})]
        except _failures() as error:
            raise self.error(f"it failed on an input {tensor.shape}: {_first_line(error)}") from error


class VectorSession:
    """A network file with one input (1, inputs) and one output (1, outputs), float32, run on one thread.

    what: for messages. ModelError, in one line, if the file is missing, unreadable, or another network.
    """

    def __init__(self, path: Path, what: str, *, inputs: int, outputs: int) -> None:
        self.path = Path(path)
        self._session = _open(self.path, what, read_network(self.path, what), threads=1)
        ends = [[(item.name, item.type, item.shape) for item in side()] for side in self._sides()]
        for side, size in zip(ends, (inputs, outputs), strict=True):
            if len(side) != 1 or side[0][1] != "tensor(float)" or side[0][2][1:] != [size]:
                raise ModelError(
                    f"{self.path}: not a usable {what} network: expected one input (1, {inputs}) and one output "
                    f"(1, {outputs}) of float32, has {ends}; {_next_step(what)}"
                )
        self._input, self._output = ends[0][0][0], ends[1][0][0]

    def _sides(self) -> tuple[Any, Any]:
        return self._session.get_inputs, self._session.get_outputs

    def run(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """The output (outputs,) for an input (inputs,)."""
        return np.asarray(self._session.run([self._output], {self._input: vector[None]})[0][0])


def _in_32_bits(output: Any) -> NDArray[Any]:
    array = np.asarray(output)
    return array.astype(np.float32) if array.dtype == np.float16 else array


def read_network(path: Path, what: str) -> bytes:
    """The bytes of a network file; ModelError if it is missing, unreadable or a Git LFS pointer."""
    try:
        data = read_bytes(path, f"{what} network", MAX_BYTES)
    except ConfigError as error:
        raise ModelError(f"{error}; {_next_step(what)}") from error
    if data.startswith(b"version https://git-lfs"):
        raise ModelError(f"{path}: this is a Git LFS pointer, not the {what} network; type `git lfs pull`")
    return data


def _open(path: Path, what: str, data: bytes, threads: int = THREADS) -> Any:
    import onnxruntime

    if reason := unsafe(data):
        raise ModelError(f"{path}: {reason}; {_next_step(what)}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "1")
    options.add_session_config_entry("session.force_spinning_stop", "1")
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except _failures() as error:
        raise ModelError(f"{path}: corrupt {what} network ({_first_line(error)}); {_next_step(what)}") from error


def _failures() -> tuple[type[BaseException], ...]:
    """What onnxruntime raises for bad files and inputs."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    names = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NotImplemented", "RuntimeException")
    return (ValueError, RuntimeError, *(getattr(state, name) for name in names))


def _next_step(what: str) -> str:
    instead = "leave it out" if what == "judge" else f"give another file with --{what}"
    if what == "gait":
        return f"{instead}, or make one with `python -m training.gait.imitate`"
    return f"{instead}, or make one with `python -m training.export {what}`"


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:160]
