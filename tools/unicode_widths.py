#!/usr/bin/env python3
"""Prints src/report/columns_table.c: which code points take no column, and which take two.

No column: general categories Mn, Me and Cf (but not U+00AD, which terminals show), and the
vowels and final consonants of Hangul (U+1160 to U+11FF), which join the syllable before them.
Two columns: East Asian width W or F. Unassigned code points inside a range are taken along.

    python3 tools/unicode_widths.py > src/report/columns_table.c
"""

from __future__ import annotations

import sys
import unicodedata

LAST = 0x10FFFF


def kind(code: int) -> str:
    char = chr(code)
    category = unicodedata.category(char)
    if 0x1160 <= code <= 0x11FF or (category in ("Mn", "Me", "Cf") and code != 0xAD):
        return "none"
    if category in ("Cn", "Co", "Cs") and not 0x20000 <= code <= 0x3FFFD:
        return "any"
    if unicodedata.east_asian_width(char) in "WF":
        return "wide"
    return "one"


def ranges(wanted: str, kinds: list[str]) -> list[tuple[int, int]]:
    found = []
    first = last = None
    for code, this in enumerate(kinds):
        if this == wanted:
            first, last = (code if first is None else first), code
        elif this != "any" and first is not None:
            found.append((first, last))
            first = None
    if first is not None:
        found.append((first, last))
    return found


def table(name: str, found: list[tuple[int, int]]) -> None:
    print(f"const struct uf_columns_range {name}[] = {{")
    cells = [f"{{0x{first:X}, 0x{last:X}}}," for first, last in found]
    line = "   "
    for cell in cells:
        if len(line) + 1 + len(cell) > 100:
            print(line)
            line = "   "
        line += " " + cell
    print(line)
    print("};")
    print(f"const size_t {name}_count = sizeof {name} / sizeof {name}[0];")


def main() -> int:
    kinds = [kind(code) for code in range(LAST + 1)]
    print(f"/* Made by tools/unicode_widths.py from Unicode {unicodedata.unidata_version}. */")
    print('#include "report/columns.h"')
    print()
    print("/* clang-format off */")
    table("uf_columns_none", ranges("none", kinds))
    print()
    table("uf_columns_wide", ranges("wide", kinds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
