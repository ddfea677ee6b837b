"""The time-sync service: estimates a client's clock skew from its round trips."""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass
from typing import Any

from bosdyn.api import time_sync_pb2

from simulation.spot_api.rpc.clock import RobotClock, duration, seconds_of, timestamp
from simulation.spot_api.rpc.serve import Call

SAMPLES_NEEDED = 3
FRESH_S = 2.0
"""Only samples this recent count: the skew changes when the simulation is slower than the wall clock."""


@dataclass(frozen=True)
class Sample:
    """One round trip. skew_s: robot clock minus client clock. taken_s: monotonic clock."""

    skew_s: float
    round_trip_s: float
    taken_s: float


class TimeSync:
    """TimeSyncService. `known`: whether a clock identifier belongs to a client that is synchronised."""

    def __init__(self, clock: RobotClock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._samples: dict[str, deque[Sample]] = {}

    def known(self, identifier: str) -> bool:
        with self._lock:
            return len(self._samples.get(identifier, ())) >= SAMPLES_NEEDED

    def time_sync_update(self, request: Any, response: Any, call: Call) -> None:
        with self._lock:
            name = request.clock_identifier
            if name not in self._samples:
                name = f"{call.client or 'client'}-{uuid.uuid4().hex[:8]}"
                self._samples[name] = deque(maxlen=20)
            samples = self._samples[name]
            if request.HasField("previous_round_trip"):
                trip = request.previous_round_trip
                client_tx, client_rx = seconds_of(trip.client_tx), seconds_of(trip.client_rx)
                server_rx, server_tx = seconds_of(trip.server_rx), seconds_of(trip.server_tx)
                skew = ((server_rx - client_tx) + (server_tx - client_rx)) / 2
                round_trip = max((client_rx - client_tx) - (server_tx - server_rx), 0.0)
                samples.append(Sample(skew, round_trip, time.monotonic()))
                _fill(response.previous_estimate, samples[-1])
            response.clock_identifier = name
            state = response.state
            state.measurement_time.CopyFrom(timestamp(self._clock.now()))
            if samples:
                fresh = [sample for sample in samples if samples[-1].taken_s - sample.taken_s < FRESH_S]
                _fill(state.best_estimate, min(fresh, key=lambda sample: sample.round_trip_s))
            enough = len(samples) >= SAMPLES_NEEDED
            statuses = time_sync_pb2.TimeSyncState
            state.status = statuses.STATUS_OK if enough else statuses.STATUS_MORE_SAMPLES_NEEDED


def _fill(estimate: Any, sample: Sample) -> None:
    estimate.clock_skew.CopyFrom(duration(sample.skew_s))
    estimate.round_trip_time.CopyFrom(duration(sample.round_trip_s))
