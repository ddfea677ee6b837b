"""Who may move the robot: lease, e-stop, power, dock, and the session that takes and gives them back."""
