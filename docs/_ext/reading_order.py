"""The order of the gallery: first how nets learn, then what they are good for."""

from pathlib import Path

ORDER = (
    "what_a_net_does",
    "boundary_against_depth",
    "symmetry_of_zeros",
    "init_scale",
    "activations",
    "zig_zag",
    "vanishing_gradients",
    "sparsity",
    "dead_relus",
    "prelu_elu_maxout",
    "overfitting",
    "log_loss_or_squared_error",
    "loops_or_vectorised",
    "digits",
    "mixed_columns",
    "effects",
    "monotonic",
    "ordered_classes",
    "weights_and_imbalance",
    "uncertainty",
    "halving_search",
    "log_epochs",
    "subclass",
    "out_of_core",
)


class ReadingOrder:
    """Sort key of examples: those not listed come last, by name."""

    def __init__(self, src_dir: str) -> None:
        pass

    def __call__(self, filename: str) -> tuple[int, str]:
        name = Path(filename).stem.removeprefix("plot_")
        return ORDER.index(name) if name in ORDER else len(ORDER), name
