"""What all of training shares: files, jobs over many processes, checkpoints, cards, confidence."""
