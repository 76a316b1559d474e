// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program for an interface, so that there is one.
 */
#define XDP_PASS	2
#define SECTION(name)	__attribute__((section(name), used))

SECTION("license") static const char license_text[] = "GPL";

SECTION("xdp") int pass(void *context)
{
	return XDP_PASS;
}
