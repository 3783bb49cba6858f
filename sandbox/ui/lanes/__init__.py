"""Several lanes on one screen: the bar, the grid of views, and the comparison of two."""
