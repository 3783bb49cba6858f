"""Questions about a lane: each module holds a question, its answer, and how the answer is computed."""
