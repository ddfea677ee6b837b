"""The robot behind the services: world, machine, frames, laws of motion, leases, e-stop, power, state."""
