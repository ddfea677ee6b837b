"""A leaf that touches no robot."""

from behaviours import Leaf, Status, input_port, output_port


class Countdown(Leaf):
    """RUNNING for a number of ticks, then SUCCESS."""

    PORTS = (
        input_port("ticks", int, default=3, text="how many ticks it takes"),
        output_port("left", int, text="how many are left"),
    )

    def initialise(self) -> None:
        self._left = self.get("ticks")

    def update(self) -> Status:
        self._left -= 1
        self.set("left", self._left)
        self.feedback_message = f"{self._left} left"
        return Status.SUCCESS if self._left <= 0 else Status.RUNNING
