"""Inspection: comparison with a baseline, health report, gradient check and plots."""

from skshallow.inspection._baseline_comparison import BaselineComparison
from skshallow.inspection._calibration_error import expected_calibration_error
from skshallow.inspection._compare_with_baseline import compare_with_baseline
from skshallow.inspection._corrected_t_test import corrected_t_test
from skshallow.inspection._cross_validation import CrossValidated
from skshallow.inspection._displays import (
    ActivationDisplay,
    EffectsDisplay,
    HealthDisplay,
    NetworkDisplay,
    TrainingCurveDisplay,
    WeightsDisplay,
)
from skshallow.inspection._effects import Effects, input_gradients, integrated_gradients
from skshallow.inspection._effects_comparison import EffectsComparison
from skshallow.inspection._gradient_check import gradient_check
from skshallow.inspection._gradient_report import GradientCheck
from skshallow.inspection._health_report import HealthReport, health_report
from skshallow.inspection._paired_test import PairedTest
from skshallow.inspection._row_wise_test import row_wise_test

__all__ = [
    "ActivationDisplay",
    "BaselineComparison",
    "CrossValidated",
    "Effects",
    "EffectsComparison",
    "EffectsDisplay",
    "GradientCheck",
    "HealthDisplay",
    "HealthReport",
    "NetworkDisplay",
    "PairedTest",
    "TrainingCurveDisplay",
    "WeightsDisplay",
    "compare_with_baseline",
    "corrected_t_test",
    "expected_calibration_error",
    "gradient_check",
    "health_report",
    "input_gradients",
    "integrated_gradients",
    "row_wise_test",
]


def __dir__() -> list[str]:
    return __all__
