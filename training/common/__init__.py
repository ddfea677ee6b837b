"""Shared by all of training: output files, worker processes, checkpoints, ONNX files, model cards, confidence."""
