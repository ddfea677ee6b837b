"""The heatmap network: its size, its shapes, and that every input and every weight counts."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from training.heatmap.unet import PAPER, GraspUNet, parameter_count  # noqa: E402  # needs torch


def test_it_has_the_parameters_of_the_layout() -> None:
    assert parameter_count(GraspUNet()) == 5_440_465
    assert parameter_count(GraspUNet(4)) == 5_440_465 - 4 * 32 * 9


@pytest.mark.parametrize("size", [(32, 32), (64, 96), (256, 256)])
def test_output_has_the_size_of_the_input(size: tuple[int, int]) -> None:
    network = GraspUNet().eval()
    with torch.no_grad():
        assert network(torch.zeros(1, 8, *size)).shape == (1, 1, *size)


def test_the_paper_s_layout_has_the_parameters_that_it_deployed() -> None:
    network = GraspUNet(layout=PAPER).eval()
    assert parameter_count(network) == 3_216_785
    encoder = [*network.stem.parameters(), *network.stages.parameters(), *network.bottleneck.parameters()]
    assert parameter_count(network) + sum(part.numel() for part in encoder) == 5_442_097, "its own count, encoder twice"
    with torch.no_grad():
        assert network(torch.zeros(1, 8, 48, 80)).shape == (1, 1, 48, 80)


@pytest.mark.parametrize("size", [(240, 320), (31, 32), (32, 100)])
def test_other_sizes_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"multiples of 32, got \(\d+, \d+\)"):
        GraspUNet()(torch.zeros(1, 8, *size))


def test_each_channel_and_each_weight_matters() -> None:
    torch.manual_seed(0)
    network = GraspUNet().train()
    inputs = torch.rand(2, 8, 64, 64, requires_grad=True)
    network(inputs).square().sum().backward()
    assert inputs.grad is not None
    assert (inputs.grad.abs().amax(dim=(0, 2, 3)) > 0).all()
    dead = [name for name, weight in network.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert dead == []


def test_a_skip_carries_detail_past_the_bottleneck() -> None:
    """Two inputs that differ in one pixel differ near it more than far away."""
    torch.manual_seed(0)
    network = GraspUNet().eval()
    inputs = torch.rand(1, 8, 128, 128)
    changed = inputs.clone()
    changed[..., 64, 64] += 1.0
    with torch.no_grad():
        difference = (network(inputs) - network(changed)).abs()[0, 0]
    assert difference[60:69, 60:69].mean() > 10 * difference[:16, :16].mean()
