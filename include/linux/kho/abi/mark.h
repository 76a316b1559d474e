/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a kernel reads, so that the kernel that loads it can tell: a string
 * somewhere in its image, in a part that isn't compressed. %KHO_MARK is
 * followed by a space and the name of a format, once or more times, and by a
 * byte of 0. Mainline has no such thing.
 */
#ifndef _LINUX_KHO_ABI_MARK_H
#define _LINUX_KHO_ABI_MARK_H

#define KHO_MARK	"KHO: this kernel reads"
#define KHO_MARK_MAX	4096	/* bytes, with the 0 */

#endif /* _LINUX_KHO_ABI_MARK_H */
