"""Training in one process or in several processes of torchrun, and curves for tensorboard."""

from __future__ import annotations

import atexit
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import distributed, nn

from simulation.genesis.devices import check_device


class Group:
    """The processes that train together; without torchrun only this one.

    device: of this process. first: whether this process measures and writes. size: number of processes.
    """

    def __init__(self, device: str = "auto") -> None:
        """device: one of DEVICES, or "auto" for an NVIDIA GPU if there is one. ConfigError if it is not available."""
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        check_device(device)
        self.size = int(os.environ.get("WORLD_SIZE", "1"))
        self._rank = int(os.environ.get("RANK", "0"))
        cuda = device == "cuda"
        self.device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))) if cuda else torch.device(device)
        if self.size > 1 and not distributed.is_initialized():
            distributed.init_process_group("nccl" if cuda else "gloo")
            atexit.register(distributed.destroy_process_group)  # a running thread would abort Python at its end

    @property
    def first(self) -> bool:
        return self._rank == 0

    def wrap(self, network: nn.Module) -> nn.Module:
        """The network to train, with gradients averaged over the processes."""
        return nn.parallel.DistributedDataParallel(network) if self.size > 1 else network

    def part(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """This process's rows of a batch; one row, perhaps shared, if there are fewer rows than processes."""
        if self.size == 1:
            return rows
        share = rows[self._rank :: self.size]
        return share if share.size else rows[self._rank % rows.size :][:1]

    def share(self, metrics: dict[str, float]) -> dict[str, float]:
        """The first process's metrics, in all processes."""
        if self.size == 1:
            return metrics
        box: list[Any] = [metrics]
        distributed.broadcast_object_list(box, src=0)
        shared: dict[str, float] = box[0]
        return shared

    def leave(self) -> None:
        """Leave the group at the end, so that its threads do not abort Python."""
        if self.size > 1:
            distributed.barrier()  # nobody closes a connection that another one still uses
            atexit.unregister(distributed.destroy_process_group)
            distributed.destroy_process_group()


class Board:
    """Curves for `tensorboard --logdir OUT`; without tensorboard it does nothing."""

    def __init__(self, out: Path) -> None:
        self._writer: Any = None
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            return
        self._writer = SummaryWriter(str(out / "tensorboard"))

    def add(self, metrics: dict[str, float]) -> None:
        """Add the metrics of one epoch."""
        if self._writer is None:
            return
        for name, value in metrics.items():
            if name != "epoch":
                self._writer.add_scalar(name, value, int(metrics["epoch"]))
        self._writer.flush()
