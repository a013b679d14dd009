"""Where code in tables may break."""

import re

import pytest
from breakable_code import CELL, in_cell, parts

CODES = {
    "hidden_layer_sizes": ["hidden_", "layer_", "sizes"],
    "DeepNetClassifier": ["Deep", "Net", "Classifier"],
    "LeakyReLU": ["Leaky", "ReLU"],
    'batch_size="auto"': ["batch_", "size", '="auto"'],
    "alpha=0.0001": ["alpha", "=", "0.0001"],
    "activation=": ["activation="],
    "standardization": ["standar", "dization"],
}


@pytest.mark.parametrize(("code", "expected"), CODES.items(), ids=list(CODES))
def test_code_breaks_between_words(code, expected):
    assert parts(code) == expected


def test_only_code_in_cells_gets_breaks_and_its_text_stays():
    code = '<span class="pre">a_long_name(&quot;x&quot;)</span>'
    page = f"<p>{code}</p><table><tr><th>{code}</th><td>{code} a_b</td></tr></table>"
    changed = CELL.sub(in_cell, page)
    assert changed.startswith(f"<p>{code}</p>")
    assert changed.endswith(" a_b</td></tr></table>")
    assert changed.count("a_<wbr>long_<wbr>name") == 2
    assert re.sub("<wbr>", "", changed) == page
