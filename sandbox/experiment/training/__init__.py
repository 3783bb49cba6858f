"""Running an experiment: lanes and their networks, the training loop, the recording, and snapshots for the views."""
