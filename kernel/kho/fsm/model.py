#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Prints the automaton of a DOT file as the header that the monitor includes.

  model.py KERNEL-SOURCE FILE.dot
"""
import os
import sys


def main():
    source, path = sys.argv[1:]
    sys.path.insert(0, os.path.join(source, "tools/verification"))
    sys.dont_write_bytecode = True
    from dot2.dot2c import Dot2c    # as RV's own monitors are made

    model = Dot2c(path)
    model.enum_suffix = "_" + model.name
    model.enum_states_def = "states_" + model.name
    model.enum_events_def = "events_" + model.name
    model.struct_automaton_def = "automaton_" + model.name
    model.var_automaton_def = "automaton_" + model.name
    print("\n".join(model.format_model()))


if __name__ == "__main__":
    main()
