"""What is made of runs: files of results, a script of one's own, sweeps over settings."""
