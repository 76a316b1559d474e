// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program for an interface, so that there is one.
 */
#define XDP_PASS	2

#pragma clang section text = "xdp" data = "license"

char license_text[] = "GPL";

int pass(void *context)
{
	return XDP_PASS;
}
