"""Print the environment in which NumPy and BLAS round as on another, older processor.

BLAS takes another kernel, and NumPy none of its loops for the newer instructions of this
processor. Both are read when NumPy is imported: run this first, and the tests after it.
Nothing is printed where neither can be chosen, as with Apple's BLAS.
"""

import numpy as np
from threadpoolctl import threadpool_info

# Those that every processor has which NumPy's wheels run on, the newest first.
OLD_KERNELS = "Nehalem", "Prescott"
KERNELS_OF_ARM = ("ARMV8",)
ARM = "armv8", "cortex", "neoverse", "thunderx", "vortex", "a64fx", "falkor", "tsv110"


def another_kernel() -> str | None:
    """Return a kernel of OpenBLAS that this processor has and does not take by itself."""
    libraries = threadpool_info()
    own = {info["architecture"].lower() for info in libraries if "architecture" in info}
    if not own:
        return None
    is_arm = any(name.startswith(ARM) for name in own)
    names = KERNELS_OF_ARM if is_arm else OLD_KERNELS
    return next((name for name in names if name.lower() not in own), None)


def extensions_in_use() -> list[str]:
    """Return the instructions beyond its baseline that NumPy has loops for."""
    return np.show_config("dicts")["SIMD Extensions"].get("found", [])


if __name__ == "__main__":
    if kernel := another_kernel():
        print(f"OPENBLAS_CORETYPE={kernel}")
    if extensions := extensions_in_use():
        print(f"NPY_DISABLE_CPU_FEATURES={','.join(extensions)}")
