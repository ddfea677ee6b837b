"""Contact-GraspNet's network (arXiv 2103.14127) as the package cgn-pytorch trained it: its forward pass, in torch.

Only the package's weights are read, as tensors; its code and what it depends on are not needed. The layers are those of
PointNet++ (arXiv 1706.02413): three set abstractions at three radii each, and three feature propagations back.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perception.base.digest import sha256_of_file
from perception.base.errors import ConfigError
from perception.base.extras import pip_line

CENTERS = (2048, 512, 128)
RADII_M = ((0.02, 0.04, 0.08), (0.04, 0.08, 0.16), (0.08, 0.16, 0.32))
NEIGHBOURS, NEAREST = 64, 3
MAX_WIDTH_M = 0.08
"""Of the Panda hand."""
MAX_BYTES = 40_000_000
PACKAGE = "cgn-pytorch==0.4.3"
DIGEST = "1cbcfb532a4a7f5d2cb784cfb1ce5ee49b8952f293e40b4694769babf3f4545f"


def installed_weights() -> dict[str, Any]:
    """The tensors by name. ConfigError if the package is not installed, or its weights are other ones."""
    from training.common.checkpoints import load_state

    install = pip_line("--no-deps", PACKAGE)
    spec = find_spec("cgn_pytorch")
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError(f"the method graspnet needs the weights of the package cgn-pytorch: {install}")
    path = Path(next(iter(spec.submodule_search_locations))) / "checkpoints" / "current.pth"
    if sha256_of_file(path, "weights of cgn-pytorch", MAX_BYTES) != DIGEST:
        raise ConfigError(f"{path}: not the weights of cgn-pytorch 0.4.3; install that: {install}")
    weights: dict[str, Any] = load_state(path, "state_dict")["state_dict"]
    return weights


class PointNet:
    """The network. weights: tensors by their names in the package."""

    def __init__(self, weights: dict[str, Any]) -> None:
        import torch

        self._torch: Any = torch
        self._weights = weights

    def __call__(self, points: NDArray[np.float32]) -> tuple[NDArray[np.float64], ...]:
        """points: (N, 3) metres, z up, centred. Returns of up to 2048 of them, as (M, ...): the point, which is one
        contact; the chance of success; the directions (3,) to the other contact and of the approach; the width."""
        torch = self._torch
        with torch.no_grad():
            places = torch.from_numpy(np.ascontiguousarray(points, np.float32))
            levels: list[tuple[Any, Any]] = [(places, None)]
            for level, count in enumerate(CENTERS):
                levels.append(self._abstract(level, *levels[-1], count))
            features = levels[-1][1]
            for step, (fine, coarse) in enumerate(((3, 3), (2, 3), (1, 2))):
                features = self._spread(step, features, levels[coarse][0], *levels[fine])
            contacts = levels[1][0]
            features = torch.cat([contacts, features], dim=1)
            logit, across, approach, width = (self._head(head, features) for head in range(4))
            across = torch.nn.functional.normalize(across, dim=1)
            approach = approach - (approach * across).sum(dim=1, keepdim=True) * across
            approach = torch.nn.functional.normalize(approach, dim=1)
            answer = contacts, torch.sigmoid(logit)[:, 0], across, approach, width[:, 0].clamp(0.0, MAX_WIDTH_M)
        return tuple(value.double().numpy() for value in answer)

    def _abstract(self, level: int, places: Any, features: Any, count: int) -> tuple[Any, Any]:
        """Centres far apart, and of each what is greatest among its neighbours, at three radii."""
        torch = self._torch
        centers = places[self._far_apart(places, min(count, len(places)))]
        distance = torch.cdist(centers, places)
        own = torch.arange(len(centers))
        gathered = []
        for number, radius in enumerate(RADII_M[level]):
            near = distance <= radius
            near[own, own] = False
            near &= near.cumsum(dim=1, dtype=torch.int16) <= NEIGHBOURS
            near[own, own] = True  # the package's convolution counts point i as a neighbour of centre i
            center, point = near.nonzero(as_tuple=True)
            inputs = places[point] - centers[center]
            if features is not None:
                inputs = torch.cat([features[point], inputs], dim=1)
            values = self._layers(f"set_abstract_msg.{level}.{number}.conv.local_nn", inputs)
            most = torch.full((len(centers), values.shape[1]), -torch.inf)
            gathered.append(most.scatter_reduce(0, center[:, None].expand_as(values), values, "amax"))
        return centers, torch.cat(gathered, dim=1)

    def _spread(self, step: int, features: Any, coarse: Any, fine: Any, skipped: Any) -> Any:
        """Features at the coarse places carried to the fine ones, by the inverse squares of the distances."""
        torch = self._torch
        distance, nearest = torch.cdist(fine, coarse).topk(min(NEAREST, len(coarse)), dim=1, largest=False)
        weight = 1.0 / distance.square().clamp(min=1e-16)
        carried = (features[nearest] * weight[..., None]).sum(dim=1) / weight.sum(dim=1, keepdim=True)
        return self._layers(f"feat_prop.{step}.nn", torch.cat([carried, skipped], dim=1))

    def _far_apart(self, places: Any, count: int) -> Any:
        """Indices of places, each the furthest from those before it."""
        torch = self._torch
        chosen = torch.zeros(count, dtype=torch.long)
        nearest = torch.full((len(places),), torch.inf)
        squares = places.square().sum(dim=1)
        for index in range(1, count):
            last = chosen[index - 1]
            distance = torch.addmv(squares, places, places[last], alpha=-2.0)
            torch.minimum(nearest, distance.add_(squares[last]), out=nearest)
            chosen[index] = nearest.argmax()
        return chosen

    def _layers(self, name: str, values: Any) -> Any:
        """Linear, ReLU and batch norm, as often as there are weights of this name."""
        number = 0
        while f"{name}.{number}.0.weight" in self._weights:
            values = self._linear(f"{name}.{number}.0", values).relu()
            values = self._norm(f"{name}.{number}.2", values)
            number += 1
        return values

    def _head(self, head: int, values: Any) -> Any:
        values = self._norm(f"multihead.{head}.1", self._linear(f"multihead.{head}.0", values))
        return self._linear(f"multihead.{head}.3", values)

    def _linear(self, name: str, values: Any) -> Any:
        weight = self._weights[f"{name}.weight"]
        return self._torch.nn.functional.linear(values, weight.flatten(1), self._weights[f"{name}.bias"])

    def _norm(self, name: str, values: Any) -> Any:
        mean, variance, weight, bias = (
            self._weights[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
        )
        return self._torch.nn.functional.batch_norm(values, mean, variance, weight, bias)
