"""Writes layout rows as C sources: compact, and readable beside the headers they come from.

A field that is 0 is left out; one that the version does not have says so.
"""

from __future__ import annotations

import re
import textwrap

from layout_rows import Fields, Member, Value

WIDTH = 100
NO_FIELD = {"uint16_t": (0xFFFF, "UF_NO_FIELD"), "uint32_t": (0xFFFFFFFF, "UF_NO_OFFSET")}


def _number(member: Member, value: int, fields: Fields) -> str:
    if member.enum is not None:
        return fields.enums[member.enum][value]
    if member.type == "bool":
        return "true" if value else "false"
    missing, name = NO_FIELD.get(member.type, (None, ""))
    if value == missing:
        return name
    if member.type == "uint64_t" and value > 0xFFFF:
        return f"UINT64_C(0x{value:x})"
    return f"0x{value:x}" if value > 0x7FFFFFFF or member.name.endswith("_hex") else str(value)


def _initializer(member: Member, value: Value, fields: Fields, names: dict[int, str]) -> str | None:
    """What stands behind `.member =`; None: nothing, it is 0. `names` has the names of tables."""
    if isinstance(value, list):
        if id(value) in names:
            return names[id(value)]
        one = Member(member.name, member.kind, member.enum, member.type, None, member.members)
        empty = "0" if member.kind == "number" else "{0}"
        parts = [_initializer(one, item, fields, names) or empty for item in value]
        return "{" + ", ".join(parts) + "}" if parts else None
    if isinstance(value, dict):
        if [x.name for x in member.members] == ["offset", "name"]:  # struct uf_layout_field
            return f'{{{value["offset"]}, "{value["name"]}"}}'
        inner = struct(member.members, value, fields, names)
        return "{" + ", ".join(inner) + "}" if inner else None
    if isinstance(value, str):
        return f'"{value}"'
    if value is None or value == 0:
        return None
    return _number(member, value, fields)


def struct(
    members: list[Member], value: dict[str, Value], fields: Fields, names: dict[int, str]
) -> list[str]:
    """The designated initializers of a struct's members that are not 0."""
    written = []
    for member in members:
        text = _initializer(member, value.get(member.name), fields, names)
        if text is not None:
            written.append(f".{member.name} = {text}")
    return written


def filled(parts: list[str], indent: int) -> str:
    """Parts with commas between them, as many in a line as fit."""
    marked = [
        # a long one may be broken before a member or an item of an array
        part.replace(" ", "\0") if len(part) < WIDTH - indent else re.sub(r" (?![.{])", "\0", part)
        for part in parts
    ]
    text = textwrap.fill(
        ", ".join(marked),
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return text.replace("\0", " ")


def table(kind: str, name: str, member: Member, value: list[Value], fields: Fields) -> str:
    """An array of structs with external linkage; `member` is the pointer to it."""
    lines = [f"const struct {kind} {name}[] = {{"]
    for item in value:
        assert isinstance(item, dict)
        inner = struct(member.members, item, fields, {})
        one = "{" + ", ".join(inner) + "},"
        if len(one) <= WIDTH - 4:
            lines.append("    " + one)
        else:
            text = filled(inner, 5).lstrip()
            lines.append("    {" + text + "},")
    return "\n".join(lines)


def row(name: str, value: dict[str, Value], fields: Fields, names: dict[int, str]) -> str:
    lines = [f"const struct uf_layout {name} = {{"]
    for half in fields.row:
        inner = value[half.name]
        if not isinstance(inner, dict):
            lines.append(f"    .{half.name} = {_initializer(half, inner, fields, names)},")
            continue
        lines.append(f"    .{half.name} = {{")
        loose: list[str] = []
        for member in half.members:
            part = inner[member.name]
            if isinstance(part, dict):
                if loose:
                    lines.append(filled(loose, 8) + ",")
                    loose = []
                text = filled(struct(member.members, part, fields, names), 12)
                short = f"        .{member.name} = {{{text.strip()}}},"
                if "\n" not in text and len(short) <= WIDTH:
                    lines.append(short)
                else:
                    lines += [f"        .{member.name} = {{", text, "        },"]
                continue
            written = _initializer(member, part, fields, names)
            if written is not None:
                loose.append(f".{member.name} = {written}")
        if loose:
            lines.append(filled(loose, 8) + ",")
        lines.append("    },")
    return "\n".join([*lines, "};"])
