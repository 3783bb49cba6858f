"""Several lanes on one screen: the bar, the grid of views, two of them compared."""
