"""Loss Sandbox: see how the loss function decides what a neural network learns."""

import os

# On matrices this small, BLAS threads cost ten times what they save; it must be set before numpy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
