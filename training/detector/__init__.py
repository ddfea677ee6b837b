"""Training, averaging and export of the detector, and its rendered pictures."""
