"""The network that names things: samples from furnished rooms with depth, training, export."""
