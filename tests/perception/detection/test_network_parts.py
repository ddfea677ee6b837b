"""The detector's network in two gives what it gives in one, and what is no such network is left whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from perception.detection import network_parts
from perception.detection.detector import DEFAULT_WEIGHTS
from perception.detection.network_parts import Parts
from tests.support.onnx_files import save, segmentation_network


def run(content: bytes, tensor: NDArray[np.float32]) -> list[NDArray[Any]]:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return list(session.run(None, {session.get_inputs()[0].name: tensor}))


@pytest.fixture(scope="module")
def parts() -> Parts:
    found = network_parts.cut(DEFAULT_WEIGHTS.read_bytes())
    assert found is not None
    return found


@pytest.mark.slow
@pytest.mark.parametrize("size", [(160, 192), (288, 384)])
def test_the_shipped_network_says_the_same_in_two(parts: Parts, size: tuple[int, int]) -> None:
    says_the_same_in_two(DEFAULT_WEIGHTS.read_bytes(), parts, size)


@pytest.mark.slow
def test_a_network_stored_with_16_bits_is_cut_like_one_with_32(parts: Parts, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from training.common.onnx_export import write_network

    content = write_network(DEFAULT_WEIGHTS, tmp_path / "detector.onnx", {}).read_bytes()
    assert len(content) < 6e6
    halved = network_parts.cut(content)
    assert halved is not None
    files = [(one.finder, one.head) for one in (parts, halved)]
    kinds = [[[node.op_type for node in onnx.load_model_from_string(f).graph.node] for f in pair] for pair in files]
    assert kinds[0] == kinds[1]
    says_the_same_in_two(content, halved, (160, 192))


def says_the_same_in_two(content: bytes, parts: Parts, size: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).random((1, 3, *size), dtype=np.float32)
    rows, prototypes = run(content, picture)
    found, features = run(parts.finder, picture)
    np.testing.assert_allclose(found, rows, atol=1e-3)  # of boxes up to 384 px
    np.testing.assert_allclose(run(parts.head, features)[0], prototypes, atol=1e-5)


def test_a_part_of_the_features_is_right_inside_its_rim(parts: Parts) -> None:
    features = np.random.default_rng(1).normal(size=(1, parts.channels, 20, 28)).astype(np.float32)
    (whole,), (part,) = (run(parts.head, one) for one in (features, np.ascontiguousarray(features[:, :, 4:15, :9])))
    finer, rim = whole.shape[-1] // 28, parts.rim * (whole.shape[-1] // 28)
    same = whole[:, :, 4 * finer : 15 * finer, : 9 * finer]
    np.testing.assert_allclose(part[:, :, rim:-rim, :-rim], same[:, :, rim:-rim, :-rim], atol=1e-4)
    assert np.abs(part - same)[:, :, 0].max() > 1e-2, "the rim is not right"


def test_the_parts_keep_what_the_file_says_of_itself(parts: Parts) -> None:
    said = [
        {p.key: p.value for p in onnx.load_model_from_string(one).metadata_props} for one in (parts.finder, parts.head)
    ]
    assert said[0] == said[1] == {p.key: p.value for p in onnx.load(str(DEFAULT_WEIGHTS)).metadata_props}


def expectation(path: Path, axis: int, bins: int = 16) -> bytes:
    """A softmax and the mean that a convolution takes of it; beside them a convolution of the input."""
    constants = {
        "places": np.arange(bins, dtype=np.float32).reshape(1, bins, 1, 1),
        "kernel": np.ones((2, bins, 3, 3), np.float32),
    }
    nodes = [
        helper.make_node("Softmax", ["x"], ["chances"], axis=axis),
        helper.make_node("Conv", ["chances", "places"], ["mean"]),
        helper.make_node("Relu", ["x"], ["features"]),
        helper.make_node("Add", ["mean", "features"], ["rows"]),
        helper.make_node("Conv", ["features", "kernel"], ["prototypes"]),
    ]
    shape = [1, bins, "h", "w"]
    return save(path, nodes, constants, {"x": shape}, {"rows": shape, "prototypes": [1, 2, "a", "b"]}).read_bytes()


@pytest.mark.parametrize(("axis", "written"), [(1, True), (2, False)])
@pytest.mark.parametrize("scale", [1.0, 15.0, 1e4])
def test_the_mean_of_a_softmax_stays_what_it_is(tmp_path: Path, axis: int, written: bool, scale: float) -> None:
    content = expectation(tmp_path / "net.onnx", axis)
    found = network_parts.cut(content)
    assert found is not None
    assert (b"Softmax" not in found.finder) == written
    x = np.random.default_rng(2).normal(0.0, scale, (1, 16, 5, 7)).astype(np.float32)
    (expected, _), (actual, _) = run(content, x), run(found.finder, x)
    assert np.isfinite(actual).all()
    if np.abs(x).max() < network_parts.STEEPEST:  # beyond what exp can, the likeliest ones share what one had
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-4)


def test_a_softmax_with_other_readers_stays(tmp_path: Path) -> None:
    graph = onnx.load_model_from_string(expectation(tmp_path / "net.onnx", 1)).graph
    nodes = [*graph.node, helper.make_node("Relu", ["chances"], ["more"])]
    assert network_parts.quick_softmax(nodes, graph) == nodes


@pytest.mark.parametrize("content", [b"", b"hello", b"\x08\x07junk" * 50, DEFAULT_WEIGHTS.read_bytes()[:100_000]])
def test_what_is_no_network_is_left_to_who_opens_it(content: bytes) -> None:
    assert network_parts.cut(content) is None


def test_networks_of_another_form_stay_whole(tmp_path: Path) -> None:
    rows, prototypes = np.ones((3, 39), np.float32), np.ones((32, 8, 8), np.float32)
    assert network_parts.cut(segmentation_network(tmp_path / "a.onnx", (32, 32), rows, prototypes).read_bytes()) is None
    model = onnx.load_model_from_string(expectation(tmp_path / "b.onnx", 1))
    for change in ("GlobalAveragePool", "dynamic weights", "one output", "branches"):
        other = onnx.ModelProto()
        other.CopyFrom(model)
        if change == "GlobalAveragePool":
            other.graph.node[-1].CopyFrom(helper.make_node("GlobalAveragePool", ["features"], ["prototypes"]))
        elif change == "branches":  # they name values of the graph about them
            value = helper.make_tensor_value_info("inner", onnx.TensorProto.FLOAT, None)
            branch = helper.make_graph([helper.make_node("Relu", ["x"], ["inner"])], "branch", [], [value])
            yes = helper.make_node("Constant", [], ["yes"], value=numpy_helper.from_array(np.array(True)))
            other.graph.node.extend(
                [yes, helper.make_node("If", ["yes"], ["more"], then_branch=branch, else_branch=branch)]
            )
            onnx.checker.check_model(other)
        elif change == "one output":
            del other.graph.output[1]
        else:
            kernel = next(item for item in other.graph.initializer if item.name == "kernel")
            made = helper.make_node(
                "Constant", [], ["kernel"], value=numpy_helper.from_array(numpy_helper.to_array(kernel))
            )
            other.graph.initializer.remove(kernel)
            other.graph.node.insert(0, made)
        assert network_parts.cut(other.SerializeToString()) is None, change
