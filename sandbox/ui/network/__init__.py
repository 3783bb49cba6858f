"""The picture of the network: its units, lines and biases, as they are now."""
