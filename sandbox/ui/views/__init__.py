"""What draws a snapshot: the decision boundary and the cost."""
