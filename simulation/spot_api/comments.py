"""The data-buffer service, as far as a person's comments for the robot's log go."""

from __future__ import annotations

from typing import Any

from simulation.spot_api.rpc import Call


class DataBuffer:
    """DataBufferService.RecordOperatorComments and the like: accepted; what came is in the server's own log."""

    def record_operator_comments(self, request: Any, response: Any, call: Call) -> None:
        """The comments are logged as every request is."""

    def record_text_messages(self, request: Any, response: Any, call: Call) -> None:
        """Accepted."""

    def record_signal_ticks(self, request: Any, response: Any, call: Call) -> None:
        """Accepted."""

    def record_events(self, request: Any, response: Any, call: Call) -> None:
        """Accepted."""
