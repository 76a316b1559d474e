// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests: writes where it must not, as a driver with a bug does.
 */
#include <linux/io.h>
#include <linux/module.h>

static unsigned long phys;
module_param(phys, ulong, 0400);
MODULE_PARM_DESC(phys, "physical address of the byte that is written to");

static int __init scribble_init(void)
{
	char *byte = phys_to_virt(phys);

	WRITE_ONCE(*byte, 0x5a);
	return 0;
}
module_init(scribble_init);

static void __exit scribble_exit(void)
{
}
module_exit(scribble_exit);

MODULE_DESCRIPTION("Writes where it must not");
MODULE_LICENSE("GPL");
