# SPDX-License-Identifier: GPL-2.0-only
"""The registry of tests: a function each, with the guest that it wants."""
import collections

# skip: {architecture or another kernel: why it can't have this test}
Test = collections.namedtuple("Test",
                              "name function variant skip suite options")

TESTS = {}


def test(variant="", skip=None, suite="check", **options):
    """Registers a test of a suite; the options are those of its guest.

    A test is called with the running guest and a file for notes, and raises
    GuestError if something is not as it should be.
    """
    def register(function):
        name = function.__name__
        TESTS[name] = Test(name, function, variant, skip or {}, suite,
                           options)
        return function
    return register
