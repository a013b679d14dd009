"""Export to ONNX: importing this module registers the nets with skl2onnx."""

from __future__ import annotations

try:
    import onnx  # noqa: F401
    import skl2onnx  # noqa: F401
except ImportError as error:
    raise ImportError(
        'skshallow.onnx needs skl2onnx and onnx: pip install "skshallow[onnx]".'
    ) from error

from skshallow.onnx._activations import register_activation
from skshallow.onnx._converters import register
from skshallow.onnx._graph import Tensor
from skshallow.onnx._inputs import initial_types
from skshallow.onnx._links import register_link

__all__ = ["Tensor", "initial_types", "register_activation", "register_link"]


def __dir__() -> list[str]:
    return __all__


register()
