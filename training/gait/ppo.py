"""Proximal policy optimisation (Schulman et al. 2017) of a gait policy, from one that walks already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulation.genesis.legs.policy import EVERY_S, INPUTS
from training.gait.network import Chain, Floats, Student, layers_of

TRACKED_M2PS2: Final = 0.1
"""Square of the error of a velocity (m/s, or rad/s of the turn) at which its reward is 1/e."""
TURN: Final = 0.5
"""Reward of the turn that is asked for, where that of the velocity is 1."""
LASTS_S: Final = 0.5
LASTING: Final = 3.0
"""Time constant of the mean error of the velocity, and the cost of its length; the turn costs `TURN` times as much.
With LASTING 1 a policy came to walk 0.04 m/s too slowly to a side within 35 minutes."""
HEAVE: Final = 0.5
ROCK: Final = 0.02
JERK: Final = 0.002
"""Costs: of the square of the body's speed up or down (m/s), of its rates of roll and pitch (rad/s), and of the change
of the answers from one time to the next."""


@dataclass(frozen=True)
class PpoSettings:
    """discount, trace: gamma and lambda of generalised advantage estimation (Schulman et al. 2016). clip: most change
    of a probability's ratio that counts. noise: standard deviation of the answers. anchor: weight of the square of the
    difference from the answers of the policy at the start. kl: how far a round should move the policy.
    """

    discount: float = 0.98
    trace: float = 0.95
    clip: float = 0.2
    noise: float = 0.2
    anchor: float = 0.05
    kl: float = 0.01
    passes: int = 4
    batch: int = 2048
    critic_rate: float = 1e-3
    critic_widths: tuple[int, ...] = (256, 128)

    def faster(self, kl: float) -> float:
        """The factor for the rate of learning after a round that moved the policy by kl (as in RSL-RL)."""
        return 1 / 1.5 if kl > 2 * self.kl else 1.5 if kl < 0.5 * self.kl else 1.0


def missed(told: Floats) -> Floats:
    """(N, 3) by how much the velocity ahead, to the left (m/s) and of the turn (rad/s) differ from the command.

    told: (N, 84). Velocities are level, in the direction in which the robot looks; the turn is about the vertical.
    """
    velocity, rates, up, command = told[:, :3], told[:, 3:6], -told[:, 6:9], told[:, 9:12]
    ahead = np.array([1.0, 0.0, 0.0]) - up[:, :1] * up
    ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-6)
    left = np.cross(up, ahead)
    moves = np.stack([_dot(velocity, ahead), _dot(velocity, left), _dot(rates, up)], axis=1)
    return np.asarray(moves - command, dtype=np.float32)


class Rewards:
    """What `robots` robots earn. The sway of each step is forgiven more than a velocity that is wrong for longer."""

    def __init__(self, robots: int) -> None:
        self._lasting = np.zeros((robots, 3), np.float32)

    def __call__(self, told: Floats, answers: Floats) -> Floats:
        """(N,) how well robots do that are told this, (N, 84), and answer so, (N, 12); at most 1 + TURN."""
        now = missed(told)
        self._lasting += EVERY_S / LASTS_S * (now - self._lasting)
        wrong = LASTING * (np.hypot(self._lasting[:, 0], self._lasting[:, 1]) + TURN * np.abs(self._lasting[:, 2]))
        off = (now[:, :2] ** 2).sum(axis=1), now[:, 2] ** 2
        gained = np.exp(-off[0] / TRACKED_M2PS2) + TURN * np.exp(-off[1] / TRACKED_M2PS2)
        heave, change = _dot(told[:, :3], told[:, 6:9]) ** 2, ((answers - told[:, -12:]) ** 2).sum(axis=1)
        costs = wrong + HEAVE * heave + ROCK * (told[:, 3:5] ** 2).sum(axis=1) + JERK * change
        return np.asarray(gained - costs, dtype=np.float32)

    def begin(self, which: NDArray[np.bool_]) -> None:
        """These robots, (N,), begin anew."""
        self._lasting[which | ~np.isfinite(self._lasting).all(axis=1)] = 0.0


def _dot(one: Floats, other: Floats) -> Floats:
    return np.asarray((one * other).sum(axis=1))


@dataclass(frozen=True)
class Walk:
    """What N robots lived through in T answers. told (T, N, 84), answers (T, N, 12), gained (T, N); ended (T, N): the
    robot began anew after this answer, because it had fallen if `fell` (T, N), or because its time was over. after
    (N, 84): what they were told at the end."""

    told: Floats
    answers: Floats
    gained: Floats
    ended: NDArray[np.bool_]
    fell: NDArray[np.bool_]
    after: Floats


def advantages(walk: Walk, values: Floats, after: Floats, settings: PpoSettings) -> Floats:
    """(T, N) by generalised advantage estimation. values (T, N) of what was told, after (N,) of what came then.

    A robot whose time was over would have gone on: its last value stands for that of the state after it.
    """
    found = np.zeros_like(values)
    trace = np.zeros(values.shape[1], np.float32)
    for step in reversed(range(len(values))):
        ahead = after if step == len(values) - 1 else values[step + 1]
        ahead = np.where(walk.ended[step], np.where(walk.fell[step], 0.0, values[step]), ahead)
        error = walk.gained[step] + settings.discount * ahead - values[step]
        trace = error + settings.discount * settings.trace * np.where(walk.ended[step], 0.0, trace)
        found[step] = trace
    return found


class Improver(Student):
    """A policy that goes on from `start`, and the critic that values states. sample (N, 84): scales their inputs."""

    def __init__(self, start: Chain, sample: Floats, settings: PpoSettings, *, seed: int, rate: float) -> None:
        import torch

        super().__init__(start.widths, seed=seed, rate=rate)
        self.scale(sample, start)
        self._start, self._settings = start, settings
        self._critic = layers_of([INPUTS, *settings.critic_widths, 1])
        self._critic_adam = torch.optim.Adam(self._critic.parameters(), lr=settings.critic_rate)
        self._rng = np.random.default_rng([seed, 11])

    def values(self, told: Floats) -> Floats:
        """(...) for (..., 84)."""
        import torch

        with torch.no_grad():
            found = self._critic(self._scaled(torch.from_numpy(told)))[..., 0]
        return np.asarray(found.numpy(), dtype=np.float32)

    def learn(self, walk: Walk, rate: float) -> dict[str, float]:
        """Fit the critic, and the policy if rate > 0, to what the robots lived through; returns measures."""
        import torch

        for group in self._adam.param_groups:
            group["lr"] = rate
        values = self.values(walk.told)
        worth = advantages(walk, values, self.values(walk.after), self._settings)
        told, answers = walk.told.reshape(-1, INPUTS), walk.answers.reshape(-1, walk.answers.shape[-1])
        whole = np.isfinite(told).all(axis=1)
        returns = (worth + values).reshape(-1)[whole]
        flat = worth.reshape(-1)[whole]
        flat = (flat - flat.mean()) / (flat.std() + 1e-6)
        old, first = self.chain()(told[whole]), self._start(told[whole])
        arrays = (told[whole], answers[whole], old, first, flat, returns)
        tensors = [torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32)) for array in arrays]
        losses, kl = [], 0.0
        for _ in range(self._settings.passes):
            distances = []
            for part in self._parts(len(flat)):
                loss, distance = self._step(*(tensor[part] for tensor in tensors), walks=rate > 0)
                losses.append(loss)
                distances.append(distance)
            kl = float(np.mean(distances))
            if kl > 4 * self._settings.kl:
                break
        return {"value_loss": float(np.mean(losses)), "kl": kl, "value": float(values.mean())}

    def _parts(self, count: int) -> Iterator[Any]:
        import torch

        order = torch.from_numpy(self._rng.permutation(count))
        for first in range(0, count, self._settings.batch):
            yield order[first : first + self._settings.batch]

    def _step(
        self, told: Any, answers: Any, old: Any, first: Any, worth: Any, returns: Any, *, walks: bool
    ) -> tuple[float, float]:
        import torch

        settings = self._settings
        scaled = self._scaled(told)
        value_loss = ((self._critic(scaled)[..., 0] - returns) ** 2).mean()
        self._critic_adam.zero_grad()
        value_loss.backward()
        self._critic_adam.step()
        if not walks:
            return float(value_loss.detach()), 0.0
        mean = self._net(scaled)
        spread = 2 * settings.noise**2
        ratio = torch.exp((((answers - old) ** 2).sum(dim=1) - ((answers - mean) ** 2).sum(dim=1)) / spread)
        clipped = ratio.clamp(1 - settings.clip, 1 + settings.clip)
        gain = torch.minimum(ratio * worth, clipped * worth).mean()
        loss = settings.anchor * ((mean - first) ** 2).mean() - gain
        self._adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._net.parameters(), 1.0)
        self._adam.step()
        with torch.no_grad():
            kl = ((mean - old) ** 2).sum(dim=1).mean() / spread
        return float(value_loss.detach()), float(kl)
