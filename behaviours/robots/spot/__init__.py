"""The real Spot, over bosdyn-client, which is imported when one is asked for."""
