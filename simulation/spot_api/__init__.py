"""A simulated Spot that serves the Spot API: the real protobuf services over TLS, with a `Steerable` robot behind them.

with SpotServer(FakeRobot(), port=0) as server:
    sdk = bosdyn.client.create_standard_sdk("app", cert_resource_glob=str(server.ca_file))
    robot = sdk.create_robot("127.0.0.1")
    robot.update_secure_channel_port(server.port)
    robot.authenticate(server.username, server.password)
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulation.spot_api.faults.spec import FaultSpec as FaultSpec, read_faults as read_faults
    from simulation.spot_api.server import SpotServer as SpotServer
else:
    from trees.lazy import lazy_exports

    __all__, __getattr__, __dir__ = lazy_exports(__name__, {
        "simulation.spot_api.faults.spec": ("FaultSpec", "read_faults"),
        "simulation.spot_api.server": ("SpotServer",),
    })  # fmt: skip
