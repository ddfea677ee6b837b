"""The real Spot: `SpotRobot` speaks bosdyn-client. Nothing of bosdyn is imported before one is asked for."""
