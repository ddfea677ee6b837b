"""Ways to choose where and how to grip, behind one interface: ours, simple rules, and those of other people."""
