"""The views that draw a snapshot: the decision boundary and the cost."""
