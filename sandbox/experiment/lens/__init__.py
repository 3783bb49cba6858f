"""Questions that explain a lane: each module holds a question, its answer, and the arithmetic between."""
