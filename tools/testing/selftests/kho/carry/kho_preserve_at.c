// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests: preserves a page wherever it is, as a driver does that has got it
 * from there. It is loaded if that is refused.
 */
#include <linux/kexec_handover.h>
#include <linux/mm.h>
#include <linux/module.h>

static unsigned long phys;
module_param(phys, ulong, 0400);
MODULE_PARM_DESC(phys, "physical address of the page");

static int __init preserve_at_init(void)
{
	struct page *page = pfn_to_page(PHYS_PFN(phys));
	int err = kho_preserve_pages(page, 1);

	if (err)
		return 0;
	kho_unpreserve_pages(page, 1);
	return -EEXIST;
}
module_init(preserve_at_init);

static void __exit preserve_at_exit(void)
{
}
module_exit(preserve_at_exit);

MODULE_DESCRIPTION("Preserves a page wherever it is");
MODULE_LICENSE("GPL");
