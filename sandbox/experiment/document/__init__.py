"""What determines a run: the experiment as a value, its settings and rules, and its file."""
