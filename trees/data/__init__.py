"""Values: literals, ports, blackboards and how they are wired."""
