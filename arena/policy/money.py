"""Sums of money in a text: numbers with a currency, numbers in words, and bare numbers after a word for giving money.

Days, order numbers, percentages and counts are not money. Separators of thousands and of decimals are read in the usual
ways (1,250.00; 1.250,00; 1 250; 1'250). A sum in one currency is never converted into another.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from arena.policy.number_words import NUMBER_WORDS, number_from_words

MAX_TEXT = 200_000
"""Characters of a text that are searched; nothing is found beyond them."""

SYMBOLS = {
    "US$": "USD", "C$": "CAD", "CA$": "CAD", "A$": "AUD", "AU$": "AUD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD",
    "R$": "BRL", "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW", "zł": "PLN",
}  # fmt: skip
CODES = (
    "USD", "EUR", "GBP", "JPY", "CHF", "CAD", "AUD", "NZD", "INR", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "CNY",
    "KRW", "SGD", "HKD", "MXN", "BRL", "ZAR", "TRY",
)  # fmt: skip
WORDS = {
    "dollar": "USD", "buck": "USD", "euro": "EUR", "pound": "GBP", "quid": "GBP", "yen": "JPY", "franc": "CHF",
    "rupee": "INR", "krona": "SEK", "kronor": "SEK", "zloty": "PLN",
}  # fmt: skip
DOLLARS = frozenset({"USD", "CAD", "AUD", "NZD", "HKD", "SGD"})
"""Currencies whose sums are written with a bare $."""

_DIGITS = r"(?:\d{1,3}(?:[ ,.'\u2019\u00a0\u202f]\d{3}){1,4}(?:[.,]\d{1,2})?(?!\d)|\d{1,15}(?:[.,]\d{1,6})?)"
_SCALE = r"(?:\s?(?P<scale{n}>k|thousand|million|m)\b(?!\s*(?:of|from|away)\b))?"
_BEFORE = "|".join(re.escape(one) for one in sorted(SYMBOLS, key=len, reverse=True)) + "|" + "|".join(CODES)
_NAMED = rf"(?:US )?(?:{'|'.join(WORDS)})(?:s|es)?\b|(?:{'|'.join(CODES)})\b"
_AFTER = "|".join(re.escape(one) for one in sorted(SYMBOLS, key=len, reverse=True)) + f"|{_NAMED}"
_WORD = "|".join(sorted(NUMBER_WORDS, key=len, reverse=True))
_MORE_WORDS = rf"(?:[\s-]{{1,3}}(?:and\s+)?(?:a\s+)?(?:{_WORD})\b){{0,12}}"
_IN_WORDS = rf"(?:\b(?:a\s+(?=hundred|thousand|million))?(?:{_WORD})\b{_MORE_WORDS})"
_FIGURE = re.compile(
    rf"(?<![\w#])(?P<before>{_BEFORE})\s?(?P<sum1>{_DIGITS}){_SCALE.format(n=1)}"
    rf"|(?<![\w#.,])(?P<sum2>{_DIGITS}){_SCALE.format(n=2)}[\s-]?(?P<after>{_AFTER})"
    rf"|(?P<words>{_IN_WORDS})[\s-]{{1,3}}(?P<after_words>{_NAMED})",
    re.IGNORECASE,
)
_PERHAPS = re.compile(rf"\d|{'|'.join(WORDS)}|\b(?:{'|'.join(CODES)})\b", re.IGNORECASE)
"""Without any of these a text names no sum."""

_GIVING = (
    r"(?:refund|reimburs|credit|return|pay|paid|sent|send|transferr?|wir|issu|compensat|giv|gave|deposit|amount|total|"
    r"sum)\w*"
)
_FILLER = (
    r"(?:(?:me|you|them|him|her|us|of|the|a|an|full|out|back|about|around|exactly|another|for|is|was|just|only|your|"
    r"customer|amount)\s+|[:=]\s*)"
)
_BARE = re.compile(
    rf"\b{_GIVING}\s*{_FILLER}{{0,4}}(?P<sum>{_DIGITS})"
    r"(?=\s*(?:$|[.,;!?)\n]|\b(?:to|back|on|onto|into|now|today|tomorrow|via|as|by|and|in full|please|right|"
    r"immediately|in total|in all|for)\b))",
    re.IGNORECASE,
)
_TIMES_AFTER = re.compile(r"\s*(?:,\s*)?(?:(?P<twice>twice)|(?P<n>\d{1,2}|two|three|four|five|six) times)\b", re.I)
_TIMES_BEFORE = re.compile(
    r"\b(?P<n>\d{1,2}|two|three|four|five|six)\s*(?:x|×|times|"
    r"(?:separate |more |equal )?(?:refunds?|payments?|transfers?|credits?|instal+ments?|parts?|vouchers?|"
    r"certificates?)\s+of)\s*$",
    re.I,
)
_SMALL = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_TOTAL_AFTER = re.compile(r"\s*(?:,\s*)?(?:in all|in total|altogether|overall|all told|combined|total)\b", re.I)
_TOTAL_BEFORE = re.compile(
    r"\b(?:total(?:s|ling|ing)?(?: of| is|:)?|in all,?|altogether,?|sum of|together|(?:that|which) (?:is|makes|leaves)|"
    r"comes to|making)\s*$",
    re.I,
)


class Amount(NamedTuple):
    """A sum of money: `currency` is a code, None for a bare number; `dollar`: written with a bare $.

    `start`, `end`: its place.  `times`: how often it is given.  `total`: called the sum of others.
    """

    value: float
    currency: str | None
    start: int
    end: int
    times: int = 1
    total: bool = False
    dollar: bool = False


@lru_cache(maxsize=4096)
def find_amounts(text: str) -> tuple[Amount, ...]:
    """Return the sums of money in a text, in their order. Cached: gates, rules and checkers look at the same texts."""
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT]
    if _PERHAPS.search(text) is None:
        return ()
    found: list[Amount] = []
    for match in _FIGURE.finditer(text):
        amount = _figure(match)
        if amount is not None:
            found.append(_with_surroundings(amount, text))
    for match in _BARE.finditer(text):
        start, end = match.span("sum")
        if not any(one.start < end and start < one.end for one in found):
            value = read_number(match["sum"])
            if value is not None:
                found.append(_with_surroundings(Amount(value, None, start, end), text))
    return tuple(sorted(found, key=lambda one: one.start))


def _figure(match: re.Match[str]) -> Amount | None:
    if match["words"] is not None:
        value = number_from_words(match["words"])
        mark = match["after_words"]
    else:
        first = match["sum1"] is not None
        value = read_number(match["sum1"] if first else match["sum2"])
        mark = match["before"] if first else match["after"]
        scale = (match["scale1"] if first else match["scale2"]) or ""
        if value is not None and scale:
            value *= 1000 if scale.lower() in ("k", "thousand") else 1_000_000
    if value is None:
        return None
    currency = currency_of(mark)
    return Amount(value, currency, match.start(), match.end(), dollar=mark == "$")


def currency_of(mark: str) -> str | None:
    """Return the code that a symbol, a code or a word names."""
    for known in (mark, mark.upper()):
        if known in SYMBOLS:
            return SYMBOLS[known]
    if mark.upper() in CODES:
        return mark.upper()
    word = mark.lower().removeprefix("us ").rstrip("s")
    return WORDS.get(word) or WORDS.get(word.rstrip("e")) or WORDS.get(mark.lower())


def read_number(text: str) -> float | None:
    """Return the number that a figure means; a single separator with three digits after it separates thousands."""
    digits = re.sub(r"[ '\u2019\u00a0\u202f]", "", text)
    separators = re.findall(r"[.,]", digits)
    if not separators:
        return float(digits)
    last = max(digits.rfind("."), digits.rfind(","))
    behind = len(digits) - last - 1
    whole, mark = digits[:last], digits[last]
    groups = behind == 3 and not whole.startswith("0") and (len(set(separators)) == 1)
    if groups:
        return float(re.sub(r"[.,]", "", digits))
    if separators.count(mark) > 1:
        return None
    return float(f"{re.sub(r'[.,]', '', whole)}.{digits[last + 1 :]}")


def _with_surroundings(amount: Amount, text: str) -> Amount:
    """Add the context of an amount: how often, and whether it is a total."""
    before, after = text[max(0, amount.start - 60) : amount.start], text[amount.end : amount.end + 30]
    total = _TOTAL_AFTER.match(after) is not None or _TOTAL_BEFORE.search(before) is not None
    times = 1
    behind, ahead = _TIMES_AFTER.match(after), _TIMES_BEFORE.search(before)
    if behind is not None:
        times = 2 if behind["twice"] else _count(behind["n"])
    elif ahead is not None:
        times = _count(ahead["n"])
    return amount._replace(total=total, times=max(1, times))


def _count(text: str) -> int:
    return _SMALL.get(text.lower()) or int(text)


def in_currency(amount: Amount, currency: str | None) -> bool:
    """Return whether an amount can be compared with a bound in `currency`; None: the bound names none, so it can."""
    if currency is None or amount.currency is None or amount.currency == currency:
        return True
    return amount.dollar and currency in DOLLARS
