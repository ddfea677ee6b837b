"""Losses and augmentation of the heatmap's training, on made-up samples."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

torch = pytest.importorskip("torch")

from perception.base.errors import ConfigError  # noqa: E402  # after the check for torch
from training.heatmap.recipes import Recipe, augment, masked_loss, mirror, recipe_for, signed_loss, top_loss  # noqa: E402


def test_the_loss_is_over_labelled_pixels_and_each_sample_weighs_the_same() -> None:
    logits = torch.zeros(2, 1, 4, 4, requires_grad=True)
    labels = torch.full((2, 4, 4), -1.0)
    labels[0, 0, 0] = 1.0
    labels[1] = 0.0
    loss = masked_loss(logits, labels)
    assert loss.item() == pytest.approx(np.log(2.0))
    loss.backward()
    gradient = logits.grad[:, 0]
    assert float(gradient[0, 0, 0]) == pytest.approx(-0.25)
    assert int((gradient[0] != 0).sum()) == 1
    assert float(gradient[1].sum()) == pytest.approx(0.25)


@pytest.mark.slow
def test_where_samples_are_at_odds_their_share_is_learned() -> None:
    labels = torch.full((1, 4, 4), -1.0)
    labels[0, 0] = torch.tensor([-60.0, -60.0, -25.0, -1.0])
    logits = torch.zeros(1, 1, 4, 4, requires_grad=True)
    step = torch.optim.SGD([logits], lr=10.0)
    for _ in range(200):
        step.zero_grad()
        masked_loss(logits, labels).backward()
        step.step()
    assert torch.sigmoid(logits[0, 0, 0]).tolist() == pytest.approx([0.6, 0.6, 0.25, 0.5], abs=1e-3)
    assert not logits[0, 0, 1:].any()


def test_the_paper_learns_nothing_where_samples_are_at_odds() -> None:
    labels = torch.tensor([[[1.0, 0.0, -1.0, -60.0]]])
    target = torch.tensor([[[[1.0, -1.0, 0.0, 0.0]]]])
    assert float(signed_loss(target, labels)) == 0.0


def test_a_sample_without_labels_is_no_nan() -> None:
    assert float(masked_loss(torch.zeros(1, 1, 4, 4), torch.full((1, 4, 4), -1.0))) == 0.0


def test_the_top_loss_asks_for_the_best_pixel_alone() -> None:
    labels = torch.tensor([[[1.0, 1.0, 0.0, -1.0, -40.0]]])
    best_is_good = torch.tensor([[[[6.0, -3.0, 1.0, 9.0, 9.0]]]])
    best_is_bad = torch.tensor([[[[6.0, 6.0, 9.0, 0.0, 0.0]]]])
    assert float(top_loss(best_is_good, labels)) < 1e-3
    assert float(top_loss(best_is_bad, labels)) > 2.0
    odds = torch.tensor([6.0, 6.0, 9.0]).exp().pow(2)
    assert float(top_loss(best_is_bad, labels)) == pytest.approx(-float((odds[:2].sum() / odds.sum()).log()))
    both = top_loss(torch.cat([best_is_bad, best_is_bad]), torch.cat([labels, torch.ones_like(labels)]))
    assert float(both) == pytest.approx(float(top_loss(best_is_bad, labels)) / 2)


@given(
    arrays(np.float32, (3, 1, 2, 4), elements=st.floats(-80, 80, width=32)),
    arrays(np.int8, (3, 2, 4), elements=st.integers(-2, 1)),
)
def test_the_top_loss_is_no_less_than_nothing_and_its_gradient_finite(logits: Any, labels: Any) -> None:
    scores = torch.tensor(logits, requires_grad=True)
    target = torch.tensor(labels, dtype=torch.float32)
    loss = top_loss(scores, target)
    loss.backward()
    assert float(loss.detach()) >= -1e-4
    assert torch.isfinite(scores.grad).all()
    certain = (target == 0) | (target == 1)
    assert not scores.grad[:, 0][~certain].any()


def test_the_term_for_the_best_pixels_is_asked_for_and_the_paper_has_none() -> None:
    logits, labels = torch.tensor([[[[2.0, 3.0]]]]), torch.tensor([[[1.0, 0.0]]])
    assert torch.equal(Recipe().loss(logits, labels), masked_loss(logits, labels))
    weighed = Recipe(top_weight=0.5).loss(logits, labels)
    assert float(weighed) == pytest.approx(float(masked_loss(logits, labels) + 0.5 * top_loss(logits, labels)))
    for wrong, words in (
        ({"name": "lift", "top_weight": -1.0}, "--top-weight -1.0 must not be below 0"),
        ({"name": "lift", "top_weight": float("nan")}, "--top-weight nan"),
        ({"name": "paper", "top_weight": 0.1}, "no term for the best pixels"),
    ):
        with pytest.raises(ConfigError, match=words):
            recipe_for(**wrong)


def test_mirroring_turns_pictures_normals_and_labels_of_symmetric_objects_alone() -> None:
    inputs, labels = torch.rand(60, 8, 4, 6), torch.randint(-1, 2, (60, 4, 6)).float()
    symmetric = torch.arange(60) % 3 > 0
    recipe = Recipe()
    flat = inputs.clone()
    flat[:, :7] = 0.0
    turned, told = recipe.augment(flat, labels, symmetric, torch.Generator().manual_seed(0))
    changed = (turned[:, 7] != inputs[:, 7]).flatten(1).any(dim=1)
    assert not (changed & ~symmetric).any()
    assert 8 <= int(changed.sum()) <= 32
    assert torch.equal(told[changed].flip(-1), labels[changed])
    assert torch.equal(told[~changed], labels[~changed])
    assert torch.equal(
        replace(recipe, mirror_chance=0.0).augment(flat, labels, symmetric, torch.Generator())[1], labels
    )
    turned, told = mirror(inputs, labels, changed)
    back = turned[changed].flip(-1)
    back[:, 4] *= -1
    assert torch.equal(back, inputs[changed])
    assert torch.equal(told[changed].flip(-1), labels[changed])
    assert torch.equal(told[~changed], labels[~changed])


def test_augmentation_leaves_mask_and_shape() -> None:
    inputs = torch.rand(40, 8, 64, 64)
    inputs[:, 3:] += 0.5
    changed = augment(inputs, torch.Generator().manual_seed(0))
    assert torch.equal(changed[:, 7], inputs[:, 7])
    assert changed[:, :3].min() >= 0
    assert changed[:, :3].max() <= 1
    holes = (changed[:, 3:7] == 0).all(dim=1)
    assert torch.equal(changed[:, 3:7][~holes[:, None].expand(-1, 4, -1, -1)],
                       inputs[:, 3:7][~holes[:, None].expand(-1, 4, -1, -1)])  # fmt: skip
    assert 5 <= int(holes.flatten(1).any(dim=1).sum()) <= 20
    assert torch.equal(augment(inputs, torch.Generator().manual_seed(0)), changed)
    ramp = torch.linspace(0.2, 0.8, 64).expand(40, 8, 64, 64).contiguous()
    assert (augment(ramp, torch.Generator())[:, 0].diff(dim=-1) >= 0).all()


def test_the_paper_s_loss_is_over_the_whole_picture() -> None:
    logits = torch.zeros(1, 1, 2, 2)
    labels = torch.tensor([[[1.0, 0.0], [-1.0, -1.0]]])
    assert float(signed_loss(logits, labels)) == pytest.approx(0.5), "1 and -1 miss by 1, background by nothing"
    logits[0, 0, 1] = 2.0
    assert float(signed_loss(logits, labels)) == pytest.approx(0.5 + 2.0)


@pytest.mark.parametrize(
    ("layout", "has", "expected"), [("paper", True, True), ("paper", False, False), ("U1", True, False)]
)
def test_bf16_is_taken_by_itself_only_where_it_pays(layout: Any, has: bool, expected: bool, monkeypatch: Any) -> None:
    monkeypatch.setattr("training.heatmap.recipes.processor_has_bf16", lambda: has)
    with Recipe(layout=layout).autocast(torch.device("cpu"))():
        assert torch.is_autocast_enabled("cpu") is expected
