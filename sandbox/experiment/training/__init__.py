"""Running an experiment: lanes and their networks, the loop, what is recorded, and what the views are given."""
