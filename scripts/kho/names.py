#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What do mainline's handover headers declare that ours lack? As KTAP.

A header of ours has to declare all that mainline's has: functions with the
same types, structures with the same members, macros and constants with the
same names; strings and numbers the same values. What is different on purpose
is named below, with the reason.
"""
import argparse
import glob
import os
import re
import sys

REPO = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
HEADERS = ("include/linux/kexec_handover.h", "include/linux/kho_radix_tree.h",
           "include/linux/kho_block.h", "include/linux/kho/abi/*.h")

PLAIN = "addresses are plain u64, in the same places"
DIFFERENT = {
    "DECLARE_KHOSER_PTR": PLAIN,
    "KHOSER_STORE_PTR": PLAIN,
    "KHOSER_LOAD_PTR": PLAIN,
    "struct kho_vmalloc_hdr": PLAIN,
    "struct kho_vmalloc_chunk": PLAIN,
    "struct kho_vmalloc": PLAIN,
    "struct kho_radix_leaf": "its bitmap has the same size",
    "struct kho_kexec_metadata": "65 is __NEW_UTS_LEN + 1",
    "LIVEUPDATE_TEST_FLB_COMPATIBLE": "for a test of mainline",
}

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*\n?", re.MULTILINE)
MACRO = re.compile(r"[ \t]*#[ \t]*define[ \t]+(\w+)(\(|[ \t]+\S.*)?")
LITERAL = re.compile(r'\s*("[^"]*"|\d\w*)\s*')
FUNCTION = re.compile(r"(.*?)(\w+)\s*\((.*)\)\s*$", re.DOTALL)
TYPE = re.compile(r"(struct|union|enum) (\w+) \{(.*)\}")
# What says nothing about types.
NOISE = re.compile(r"\b(static|inline|extern|__init|__must_check|__packed|"
                   r"__always_inline)\b")


def squeeze(text):
    """One way to write a declaration."""
    text = re.sub(r"\s*([*,(){}\[\]<>:;=+\-/])\s*", r" \1 ",
                  NOISE.sub(" ", text))
    return " ".join(text.split())


def statements(text):
    """(declaration, body or "") of everything at the top level."""
    start = depth = body = 0
    for place, char in enumerate(text):
        if char == "{":
            depth += 1
            if depth == 1:
                body = place
        elif char == "}":
            depth -= 1
            if not depth and text[start:body].rstrip().endswith(")"):
                yield text[start:body], text[body:place + 1]
                start = place + 1
        elif char == ";" and not depth:
            yield text[start:place], ""
            start = place + 1


def parameter_type(parameter):
    """A parameter without its name."""
    words = squeeze(parameter).split()
    if len(words) > 1 and re.fullmatch(r"\w+", words[-1]) and \
            words[-2] not in ("struct", "enum", "union", "unsigned"):
        words.pop()
    return " ".join(words)


def parameters(text):
    """The types between the parentheses of a function."""
    depth, types, current = 0, [], ""
    for char in text + ",":
        depth += (char == "(") - (char == ")")
        if char == "," and not depth:
            types.append(parameter_type(current))
            current = ""
        else:
            current += char
    return ", ".join(types)


def enumerators(body):
    return [part.split("=")[0].strip()
            for part in re.sub(r"\([^()]*\)", "", body).split(",")
            if part.split("=")[0].strip()]


def declared(path):
    """{name: what it is} of everything that a header declares."""
    with open(path, encoding="utf-8") as file:
        text = COMMENT.sub(" ", file.read())
    names = {}
    for directive in DIRECTIVE.findall(text):
        match = MACRO.match(directive)
        if match and match[2]:
            literal = LITERAL.fullmatch(match[2])
            names.setdefault(match[1], literal[1] if literal else "macro")
    for statement, _ in statements(DIRECTIVE.sub("", text)):
        add_statement(names, squeeze(statement))
    return names


def add_statement(names, statement):
    kind = TYPE.search(statement)
    if kind and kind[1] == "enum":
        for name in enumerators(kind[3]):
            names[name] = "constant"
    if kind:
        names[f"{kind[1]} {kind[2]}"] = (
            "type" if kind[1] == "enum" else kind[3].strip())
    elif statement.startswith("typedef "):
        name = re.search(r"\( \* (\w+) \)|(\w+)$", statement)
        names[name[1] or name[2]] = statement
    elif not statement.startswith("static_assert"):
        function = FUNCTION.match(statement)
        if function:
            names.setdefault(function[2], f"{squeeze(function[1])} "
                             f"({parameters(function[3])})")


def differences(theirs, ours):
    """Lines that say what is not the same; and what need not be."""
    wrong, known = [], []
    for name, what in theirs.items():
        if name in ours and ours[name] == what:
            continue
        if name in DIFFERENT:
            known.append(f"{name}: {DIFFERENT[name]}")
        elif name not in ours:
            wrong.append(f"missing: {name}: {what}")
        else:
            wrong.append(f"differs: {name}: {what}\n  ours: {ours[name]}")
    return wrong, known


def check(mainline, header):
    """Whether our header has it all; prints what it hasn't."""
    ours = os.path.join(REPO, header)
    theirs = declared(os.path.join(mainline, header))
    wrong, known = differences(
        theirs, declared(ours) if os.path.exists(ours) else {})
    for line in "\n".join(wrong + known).splitlines():
        print("# " + line)
    print(f"# {len(theirs) - len(wrong) - len(known)} of {len(theirs)} names "
          "are the same")
    return not wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("mainline", help="tree of a mainline kernel")
    args = parser.parse_args()
    headers = [os.path.relpath(path, args.mainline) for pattern in HEADERS
               for path in sorted(glob.glob(os.path.join(
                   glob.escape(args.mainline), pattern)))]
    print(f"KTAP version 1\n1..{len(headers)}")
    failed = 0
    for number, header in enumerate(headers, 1):
        good = check(args.mainline, header)
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} {header}", flush=True)
    return 1 if failed or not headers else 0


if __name__ == "__main__":
    sys.exit(main())
