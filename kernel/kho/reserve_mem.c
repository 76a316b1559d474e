// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of reserve_mem= keeps its place and its content through a handover.
 *
 * The command line is parsed while memblock may not yet touch what is
 * preserved: that is when memory of the same name is taken back, or new memory
 * allocated. Once the core is up, all of it is preserved for the next kernel,
 * and so is what nobody has asked for this time.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/err.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/kho/abi/memblock.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/printk.h>

#include "internal.h"
#include "reserve_fdt.h"

/* What the command line has asked for. */
struct kho_reserved_list kho_reserved __initdata;

/*
 * What the previous kernel had, and what has become of it: nobody has asked for
 * it; it is in use again; it isn't wanted as it is; it isn't what it should be.
 */
enum fate {
	UNKNOWN,
	TAKEN_BACK,
	GIVEN_UP,
	DOUBTFUL,
};

static struct kho_reserved_list handed __initdata;
static enum fate fates[KHO_MAX_RESERVED] __initdata;

/* Has the list of the previous kernel been read, and understood? */
static bool has_read __initdata;
static bool understood __initdata;

static void __init read_handed(void)
{
	const char *bad;
	const void *fdt;
	u64 size;

	if (has_read)
		return;
	has_read = true;

	fdt = kho_early_subtree(MEMBLOCK_KHO_FDT, &size);
	if (!fdt)
		return;
	bad = kho_reserved_read(fdt, size, &handed);
	if (bad)
		pr_warn("reserve_mem of the previous kernel: %s\n", bad);
	understood = !bad;
}

static u64 __init bytes_of(const struct kho_reserved *mem)
{
	return PFN_PHYS(kho_reserved_pages(mem));
}

/* Why isn't it what the command line asks for? */
static const char * __init mismatch(const struct kho_reserved *mem, u64 size,
				    phys_addr_t align)
{
	if (mem->size != size)
		return "its size differs";
	if (!IS_ALIGNED(mem->start, align))
		return "its alignment differs";
	return NULL;
}

/* Why can't it be had? */
static const char * __init obstacle(const struct kho_reserved *mem)
{
	u64 bytes = bytes_of(mem);

	if (kho_early_preserved(mem->start, bytes) != bytes)
		return "it isn't preserved";
	if (memblock_is_region_reserved(mem->start, bytes))
		return "it is in use";
	if (memblock_reserve(mem->start, bytes))
		return "memblock has no room for it";
	return NULL;
}

static phys_addr_t __init take_back(const char *name, u64 size,
				    phys_addr_t align)
{
	struct kho_reserved *mem = kho_reserved_find(&handed, name);
	enum fate fate = GIVEN_UP;
	const char *bad;

	if (!mem)
		return 0;

	bad = mismatch(mem, size, align);
	if (!bad) {
		bad = obstacle(mem);
		fate = bad ? DOUBTFUL : TAKEN_BACK;
	}
	fates[mem - handed.mem] = fate;
	if (bad) {
		pr_warn("reserve_mem %s: %llu bytes at %pap are not used again: %s\n",
			name, mem->size, &mem->start, bad);
		return 0;
	}
	pr_info("reserve_mem %s: %llu bytes at %pap as before\n", name, size,
		&mem->start);
	return mem->start;
}

/**
 * kho_reserve_mem - reserve memory by name, if possible that of before
 * @name: the label of reserve_mem=, which has not been used yet
 * @size: bytes
 * @align: alignment in bytes, a power of two
 *
 * New memory is allocated outside of scratch, where it can be handed over, as
 * long as there is any. It has its pages to itself.
 *
 * Context: early boot, when the command line is parsed.
 * Return: physical address in bytes; 0 if there is no memory.
 */
phys_addr_t __init kho_reserve_mem(const char *name, phys_addr_t size,
				   phys_addr_t align)
{
	phys_addr_t start;
	int err;

	read_handed();
	align = max_t(phys_addr_t, align, PAGE_SIZE);
	start = take_back(name, size, align);
	if (!start)
		start = memblock_phys_alloc(PAGE_ALIGN(size), align);
	if (!start)
		return 0;

	err = kho_reserved_add(&kho_reserved, name, start, size);
	if (err)
		pr_warn("reserve_mem %s isn't handed over: %pe\n", name,
			ERR_PTR(err));
	return start;
}

/**
 * kho_reserve_mem_in_use - how much preserved memory is reserved again?
 *
 * Context: early boot, when the command line has been parsed.
 * Return: bytes.
 */
u64 __init kho_reserve_mem_in_use(void)
{
	u64 bytes = 0;
	unsigned int i;

	for (i = 0; i < handed.nr; i++)
		if (fates[i] == TAKEN_BACK)
			bytes += bytes_of(&handed.mem[i]);
	return bytes;
}

/* What nobody has asked for is kept, and handed on. */
static int __init adopt(const struct kho_reserved *mem)
{
	unsigned long nr_pages = kho_reserved_pages(mem);
	int err = kho_in_covers(mem->start, nr_pages) ? 0 : -ENOENT;

	if (!err)
		err = kho_reserved_add(&kho_reserved, mem->name, mem->start,
				       mem->size);
	if (!err)
		kho_in_take(mem->start, nr_pages);
	return err;
}

static void __init settle(const struct kho_reserved *mem, enum fate fate)
{
	unsigned long nr_pages = kho_reserved_pages(mem);
	int err = 0;

	switch (fate) {
	case UNKNOWN:
		err = adopt(mem);
		break;
	case TAKEN_BACK:
		kho_in_take(mem->start, nr_pages);
		break;
	case GIVEN_UP:
		kho_in_free(mem->start, nr_pages);
		break;
	case DOUBTFUL:
		break;
	}
	if (err)
		pr_warn("reserve_mem %s isn't handed on: %pe\n", mem->name,
			ERR_PTR(err));
}

static void __init settle_all(void)
{
	phys_addr_t phys;
	unsigned int i;

	for (i = 0; i < handed.nr; i++)
		settle(&handed.mem[i], fates[i]);
	if (understood &&
	    !kho_retrieve_subtree(MEMBLOCK_KHO_FDT, &phys, NULL))
		kho_restore_free(phys_to_virt(phys));
}

static void __init preserve_all(struct kho_reserved_list *list)
{
	unsigned int i;

	for (i = 0; i < kho_reserved.nr; i++) {
		const struct kho_reserved *mem = &kho_reserved.mem[i];
		struct page *page = pfn_to_page(PHYS_PFN(mem->start));
		int err = kho_preserve_pages(page, kho_reserved_pages(mem));

		if (err)
			pr_warn("reserve_mem %s isn't handed over: %pe\n",
				mem->name, ERR_PTR(err));
		else
			list->mem[list->nr++] = *mem;
	}
}

static int __init hand_over(const struct kho_reserved_list *list)
{
	void *fdt = kho_alloc_preserve(PAGE_SIZE);
	int err;

	if (IS_ERR(fdt))
		return PTR_ERR(fdt);

	err = kho_reserved_write(fdt, PAGE_SIZE, list);
	if (!err)
		err = kho_add_subtree(MEMBLOCK_KHO_FDT, fdt, PAGE_SIZE);
	if (err)
		kho_unpreserve_free(fdt);
	return err;
}

/* Before anybody else takes anything of what was handed over. */
static int __init kho_reserve_mem_init(void)
{
	static struct kho_reserved_list list __initdata;
	int err = 0;

	if (!kho_kobj)
		return 0;

	settle_all();
	preserve_all(&list);
	if (list.nr)
		err = hand_over(&list);
	if (err)
		pr_err("no memory of reserve_mem= is handed over: %pe\n",
		       ERR_PTR(err));
	return err;
}
postcore_initcall_sync(kho_reserve_mem_init);
