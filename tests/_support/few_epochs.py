"""Parameters of fits that are short and do not ask to converge."""

import numpy as np

FEW_EPOCHS = {
    "max_iter": 3,
    "n_iter_no_change": np.inf,
    "learning_rate": 0.01,
    "schedule": "constant",
    "batch_size": 16,
    "random_state": 0,
}
