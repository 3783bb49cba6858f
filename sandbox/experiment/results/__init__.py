"""What runs produce: result files, a standalone script, sweeps over settings."""
