"""Dataset generation, the networks, their training and their export to ONNX."""
