"""A simulated Spot that speaks the Spot API: the real protobuf services over TLS, with a `Robot` behind them.

with SpotServer(FakeRobot(), port=0) as server:
    sdk = bosdyn.client.create_standard_sdk("app", cert_resource_glob=str(server.ca_file))
    robot = sdk.create_robot("127.0.0.1")
    robot.update_secure_channel_port(server.port)
    robot.authenticate(server.username, server.password)
"""

from simulation.spot_api.server import SpotServer

__all__ = ["SpotServer"]
