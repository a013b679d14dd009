"""Numbers written as strings: signs, marks of thousands, decimal marks, units.

The strings of a column are looked at together, since "1,234" alone may be either number.
The replacements that turn them into numbers, `Notation.steps`, keep signs, and remove only
units that all numbers have; where several units occur, there are no such replacements.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

PLAIN = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
APOSTROPHES = "'\N{RIGHT SINGLE QUOTATION MARK}"  # marks of thousands in Switzerland
NUMBER = (
    rf"{PLAIN}|\d{{1,3}}(?:,\d{{3}})+(?:\.\d*)?|\d{{1,3}}(?:\.\d{{3}})+(?:,\d+)?|\d+,\d+"
    rf"|\d{{1,3}}(?:\s\d{{3}})+(?:[.,]\d*)?|\d{{1,3}}(?:[{APOSTROPHES}]\d{{3}})+(?:[.,]\d*)?"
)
MAY_BE_THOUSANDS = r"[1-9]\d{0,2}[.,]\d{3}"  # or three decimals
MINUS = "\N{MINUS SIGN}"  # as word processors write it
LAST_MINUS = rf"\d[.,]?\s*[-{MINUS}](?!\S)"  # as accounting software writes it
SYMBOLS = "$€£¥₹₩₽"
CURRENCIES = "USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|SEK|NOK|DKK|PLN|CZK|BRL"
MONEY = rf"[A-Z]{{0,2}}[{SYMBOLS}]|(?:{CURRENCIES})"
QUANTITY = (
    rf"\s*(?P<open>\()?\s*(?P<sign>[-+{MINUS}])?\s*(?P<before>{MONEY})?"
    rf"\s*(?P<inner>[-+{MINUS}])?\s*(?P<number>{NUMBER})\s*(?P<last>[-{MINUS}](?!\S))?"
    rf"\s*(?P<after>(?![{APOSTROPHES}]+\d)[^\d\s.,:/()+{MINUS}-][^\s()]{{0,14}})?"
    r"\s*(?P<close>\))?\s*"
)
# Units of one quantity in several magnitudes, of which a column may have several.
MAGNITUDES = frozenset({*"kmbt", "mn", "bn", "mio", "mrd", "tsd", "million", "billion"})
FAMILIES = [
    frozenset(units.split())
    for units in (
        "b kb mb gb tb byte kib mib gib tib",
        "mm cm m km in inch ft feet foot yd mi mile",
        "mg g kg t lb oz ton tonne",
        "ms s sec second min minute h hr hour d day w week month y yr year",
        "ml cl dl l litre liter gal",
        "hz khz mhz ghz",
        "w kw mw gw kwh mwh",
    )
]
NEARLY_ALL = 0.9  # the proportion of strings that decides what a column is


@dataclass(frozen=True)
class Quantity:
    """A number without its sign, and the parts of its unit, "" where there is none."""

    number: str
    before: str
    after: str

    @property
    def unit(self) -> str:
        """The unit, the same for "kg" and "KG", "day" and "days", "$5" and "5 $"."""
        after = self.after.lower()
        is_plural = len(after) > 2 and after.endswith("s")
        return self.before + (after[:-1] if is_plural else after)


@dataclass(frozen=True)
class Notation:
    """How the strings of a column write numbers.

    Parameters
    ----------
    strings : sequence of str
        The distinct strings.
    found : sequence of {Quantity, None}
        The number of each, None if it is none.
    """

    strings: Sequence[str]
    found: Sequence[Quantity | None]

    @classmethod
    def of(cls, strings: Sequence[str]) -> Notation:
        """Return the notation of distinct strings."""
        match = re.compile(QUANTITY).fullmatch
        return cls(strings, [_quantity(match(string)) for string in strings])

    @cached_property
    def share(self) -> float:
        """Proportion of the strings that are numbers, with or without units."""
        return len(self._numbers) / max(1, len(self.strings))

    @cached_property
    def _numbers(self) -> list[tuple[str, Quantity]]:
        pairs = zip(self.strings, self.found, strict=True)
        return [(string, quantity) for string, quantity in pairs if quantity]

    @cached_property
    def units(self) -> Counter[str]:
        """How many strings have each unit, "" for those without one."""
        return Counter(quantity.unit for _, quantity in self._numbers)

    @property
    def has_unit(self) -> bool:
        """Whether nearly all strings have units: the same one, or several of a kind."""
        count = max((n for unit, n in self.units.items() if unit), default=0)
        is_common = count >= NEARLY_ALL * len(self.strings)
        return is_common or (self.share >= NEARLY_ALL and self._are_of_a_kind)

    @property
    def is_money_or_percent(self) -> bool:
        """Whether the most common unit is a currency, or percent."""
        unit = self.units.most_common(1)[0][0]
        return unit == "%" or _is_money(unit)

    @property
    def has_several_units(self) -> bool:
        """Whether numbers in different units would be mixed up if these were dropped.

        Amounts without a currency are in the one that is beside them.
        """
        named = [unit for unit in self.units if unit]
        if len(named) == 1 and "" in self.units:
            return re.fullmatch(MONEY, named[0]) is None
        return self._are_of_a_kind

    @property
    def _are_of_a_kind(self) -> bool:
        """Whether several units occur that are known as magnitudes of one quantity."""
        named = {unit for unit in self.units if unit}
        if len(self.units) < 2 or not named:
            return False
        if all(map(_is_money, named)):
            return True
        is_magnitude = named <= MAGNITUDES and bool(named & {"k", "m"})
        return is_magnitude or (
            len(named) > 1 and any(named <= family for family in FAMILIES)
        )

    @cached_property
    def examples(self) -> list[str]:
        """A string of each unit, the most common units first."""
        first: dict[str, str] = {}
        for string, quantity in self._numbers:
            first.setdefault(quantity.unit, string)
        return [first[unit] for unit, _ in self.units.most_common()]

    @cached_property
    def decimal_marks(self) -> dict[str, str]:
        """The decimal marks that occur, each with a string that shows it.

        "," and "." both occur if numbers contradict each other. There is none if no number
        tells: commas are then marks of thousands, and points decimal.
        """
        shown: dict[str, str] = {}
        doubtful: dict[str, str] = {}
        counts: Counter[str] = Counter()
        for string, quantity in self._numbers:
            mark = _decimal_mark(quantity.number)
            if mark:
                shown.setdefault(mark, string)
                counts[mark] += 1
            elif "." in quantity.number or "," in quantity.number:
                own = "." if "." in quantity.number else ","
                doubtful.setdefault(own, string)
                counts["?" + own] += 1
        if len(doubtful) == 2 and not shown:
            return doubtful
        if "," in shown and counts["?."] > counts[","]:  # rather decimals than thousands
            shown.setdefault(".", doubtful["."])
        return shown

    @property
    def is_contradictory(self) -> bool:
        """Whether decimal commas and decimal points both occur."""
        return len(self.decimal_marks) == 2

    @property
    def has_decimal_commas(self) -> bool:
        """Whether commas are decimal marks."""
        return "," in self.decimal_marks

    @property
    def has_no_codes(self) -> bool:
        """Whether numbers are quantities by their points or signs, and not names."""
        return self.share_with("[.]") > 0 or self.has_typeset_signs

    @property
    def has_typeset_signs(self) -> bool:
        """Whether negative numbers are written as only text and accountants write them."""
        return "(" in self._texts or MINUS in self._texts or self._has_last_minus

    @cached_property
    def _texts(self) -> str:
        """All strings that are numbers, one behind the other."""
        return "".join(string for string, _ in self._numbers)

    @cached_property
    def _has_last_minus(self) -> bool:
        """Whether a sign is behind its number."""
        search = re.compile(LAST_MINUS).search
        return any(search(string) for string, _ in self._numbers)

    def share_with(self, mark: str) -> float:
        """Return the proportion of strings of which the number has a mark, a pattern."""
        search = re.compile(mark).search
        n = sum(search(quantity.number) is not None for _, quantity in self._numbers)
        return n / max(1, len(self.strings))

    def steps(self) -> list[tuple[str, str]]:
        """Return the replacements of regular expressions that leave plain numbers.

        Of strings that are no such numbers, something else is left.
        """
        texts = self._texts
        thousands = "." if self.has_decimal_commas else ","
        numbers = "".join(quantity.number for _, quantity in self._numbers)
        dropped = thousands * (thousands in numbers) + ")" * (")" in texts)
        dropped += "".join(mark for mark in APOSTROPHES if mark in numbers)
        dropped += r"\s" * any(map(str.isspace, texts))
        steps = [("," if dropped == "," else f"[{dropped}]", "")] if dropped else []
        common = self.units.most_common(1)[0][0] if self.has_unit else ""
        own = [quantity for _, quantity in self._numbers if quantity.unit == common]
        before = {quantity.before for quantity in own} - {""}
        after = {quantity.after for quantity in own} - {""}
        if dropped:
            after = {re.sub(f"[{dropped}]", "", unit) for unit in after}
        if before:
            steps.append((_any_of(before), ""))
        if after:
            steps.append((f"({_any_of(after)})$", ""))
        if self.has_decimal_commas:
            steps.append((",", "."))
        minus = "(" * ("(" in texts) + MINUS * (MINUS in texts)
        steps += [(f"[{minus}]", "-")] if minus else []
        return steps + ([("^(.*)-$", r"-\1")] if self._has_last_minus else [])

    @cached_property
    def unread(self) -> list[int]:
        """The indices of the strings of which the steps make no number."""
        steps = [(re.compile(pattern), new) for pattern, new in self.steps()]
        is_plain = re.compile(rf"[+-]?{PLAIN}").fullmatch
        indices = []
        for i, text in enumerate(self.strings):
            for pattern, new in steps:
                text = pattern.sub(new, text)
            if not is_plain(text):
                indices.append(i)
        return indices


def _quantity(match: re.Match[str] | None) -> Quantity | None:
    """Return what a string has if it is one number: one sign, one unit."""
    if match is None:
        return None
    start, sign, before, inner, number, last, after, end = match.group(
        "open", "sign", "before", "inner", "number", "last", "after", "close"
    )
    has_two_signs = sum(map(bool, (start, sign, inner, last))) > 1
    has_two_units = before and after and _is_money(after)
    if has_two_signs or has_two_units or bool(start) != bool(end):
        return None
    return Quantity(number, before or "", after or "")


def _decimal_mark(number: str) -> str:
    """Return the decimal mark of a number, "" if it may have none."""
    marks = re.findall("[.,]", number)
    if not marks or re.fullmatch(MAY_BE_THOUSANDS, number):
        return ""
    is_repeated = len(marks) > 1 and marks[-1] == marks[0]
    return ".,".replace(marks[-1], "") if is_repeated else marks[-1]


def _is_money(unit: str) -> bool:
    """Return whether a unit contains a currency."""
    return re.match(MONEY, unit.upper()) is not None or bool(set(unit) & set(SYMBOLS))


def _any_of(units: set[str]) -> str:
    """Return a regular expression of these units, long ones first."""
    return "|".join(map(re.escape, sorted(units, key=lambda unit: (-len(unit), unit))))
