"""The network that rates single grasps: pictures with proposals that physics tries, training, export."""
