// SPDX-License-Identifier: GPL-2.0-only
/*
 * Carries memory through many kexecs that is different each time: pieces of
 * random kinds and sizes, some of which stay where they are for many kernels,
 * while others come and go and leave holes. As kho_carry does, it looks whether
 * all of it is still the same, and knows nothing but mainline's API.
 */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/kexec_handover.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/vmalloc.h>

#include "pattern.h"

#define SUBTREE		"kho_churn"
#define MAGIC		0x6e72756843534f48ULL
#define MAX_PIECES	1000
#define MAX_ORDER	9
#define MAX_AREA_ORDER	11	/* more than two chunks tell */

enum {
	FOLIO,
	PAGES,
	AREA,
	NR_KINDS
};

/* A piece of memory, as it is handed over. */
struct piece {
	u64 kind;
	u64 phys;	/* unless it is an area */
	u64 nr_pages;
	u64 seed;
	u64 born;	/* in which kernel */
	struct kho_vmalloc area;
};

/* What is handed over, under the name SUBTREE. */
struct carried {
	u64 magic;
	u64 hops;
	u64 nr;
	struct piece pieces[];
};

static unsigned long seed;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "what is random follows from it");

static unsigned long mib = 16;
module_param(mib, ulong, 0444);
MODULE_PARM_DESC(mib, "memory to carry");

static unsigned long hops;
module_param(hops, ulong, 0444);
MODULE_PARM_DESC(hops, "kexecs through which memory has come until now");

static unsigned long oldest;
module_param(oldest, ulong, 0444);
MODULE_PARM_DESC(oldest, "kexecs that the oldest piece has seen");

static unsigned long taken;
module_param(taken, ulong, 0444);
MODULE_PARM_DESC(taken, "pages that were carried here");

static unsigned long left;
module_param(left, ulong, 0444);
MODULE_PARM_DESC(left, "pages that are carried on");

static struct carried *carried;
static struct rnd_state rnd;

/* The pieces that exist, and where they are. */
static struct piece pieces[MAX_PIECES];
static void *mem[MAX_PIECES];
static unsigned int nr;

static u32 below(u32 limit)
{
	return prandom_u32_state(&rnd) % limit;
}

/* --- one piece, by its kind --- */

struct kind {
	const char *name;
	void *(*make)(struct piece *piece);
	int (*preserve)(struct piece *piece, void *mem);
	void (*unpreserve)(struct piece *piece, void *mem);
	void *(*restore)(const struct piece *piece);
	void (*drop)(const struct piece *piece, void *mem);
};

static void *make_folio(struct piece *piece)
{
	unsigned int order = below(1 + below(MAX_ORDER + 1));
	struct folio *folio = folio_alloc(GFP_KERNEL, order);

	piece->nr_pages = BIT(order);
	return folio ? folio_address(folio) : NULL;
}

static int preserve_folio(struct piece *piece, void *mem)
{
	piece->phys = virt_to_phys(mem);
	return kho_preserve_folio(virt_to_folio(mem));
}

static void unpreserve_folio(struct piece *piece, void *mem)
{
	kho_unpreserve_folio(virt_to_folio(mem));
}

static void *restore_folio(const struct piece *piece)
{
	struct folio *folio = kho_restore_folio(piece->phys);

	if (!folio)
		return NULL;
	if (folio_nr_pages(folio) != piece->nr_pages ||
	    folio_ref_count(folio) != 1) {
		pr_err("kho_churn: a folio of %llu pages has %lu\n",
		       piece->nr_pages, folio_nr_pages(folio));
		return NULL;
	}
	return folio_address(folio);
}

static void drop_folio(const struct piece *piece, void *mem)
{
	folio_put(virt_to_folio(mem));
}

/* Pages that begin anywhere: what is before and after them is free. */
static void *make_pages(struct piece *piece)
{
	unsigned int nr_pages = 1 + below(BIT(below(MAX_ORDER)));
	unsigned int skip = below(nr_pages);
	void *mem = alloc_pages_exact((skip + nr_pages) * PAGE_SIZE,
				      GFP_KERNEL);

	piece->nr_pages = nr_pages;
	if (!mem)
		return NULL;
	free_pages_exact(mem, skip * PAGE_SIZE);
	return mem + skip * PAGE_SIZE;
}

static int preserve_pages(struct piece *piece, void *mem)
{
	piece->phys = virt_to_phys(mem);
	return kho_preserve_pages(virt_to_page(mem), piece->nr_pages);
}

static void unpreserve_pages(struct piece *piece, void *mem)
{
	kho_unpreserve_pages(virt_to_page(mem), piece->nr_pages);
}

static void *restore_pages(const struct piece *piece)
{
	struct page *page = kho_restore_pages(piece->phys, piece->nr_pages);

	return page ? page_address(page) : NULL;
}

static void drop_pages(const struct piece *piece, void *mem)
{
	free_pages_exact(mem, piece->nr_pages * PAGE_SIZE);
}

static void *make_area(struct piece *piece)
{
	piece->nr_pages = 1 + below(BIT(below(MAX_AREA_ORDER)));
	return vmalloc(piece->nr_pages * PAGE_SIZE);
}

static int preserve_area(struct piece *piece, void *mem)
{
	return kho_preserve_vmalloc(mem, &piece->area);
}

static void unpreserve_area(struct piece *piece, void *mem)
{
	kho_unpreserve_vmalloc(&piece->area);
}

static void *restore_area(const struct piece *piece)
{
	return kho_restore_vmalloc(&piece->area);
}

static void drop_area(const struct piece *piece, void *mem)
{
	vfree(mem);
}

static const struct kind kinds[NR_KINDS] = {
	[FOLIO] = {
		"folio", make_folio, preserve_folio, unpreserve_folio,
		restore_folio, drop_folio,
	},
	[PAGES] = {
		"pages", make_pages, preserve_pages, unpreserve_pages,
		restore_pages, drop_pages,
	},
	[AREA] = {
		"vmalloc area", make_area, preserve_area, unpreserve_area,
		restore_area, drop_area,
	},
};

/* --- what the predecessor has left --- */

static int take_piece(const struct piece *piece)
{
	const struct kind *kind;

	if (piece->kind >= NR_KINDS)
		return -EBADMSG;

	kind = &kinds[piece->kind];
	mem[nr] = kind->restore(piece);
	if (!mem[nr]) {
		pr_err("kho_churn: %s can't be restored\n", kind->name);
		return -ENOENT;
	}
	pieces[nr++] = *piece;
	taken += piece->nr_pages;
	oldest = max_t(unsigned long, oldest, hops - piece->born);
	return check(kind->name, mem[nr - 1], piece->nr_pages * PAGE_SIZE,
		     piece->seed);
}

static int take(void)
{
	const struct carried *from;
	phys_addr_t phys;
	size_t size;
	int err;
	u64 i;

	err = kho_retrieve_subtree(SUBTREE, &phys, &size);
	if (err)
		return err == -ENOENT ? 0 : err;

	from = phys_to_virt(phys);
	if (size < sizeof(*from) || from->magic != MAGIC ||
	    from->nr > MAX_PIECES ||
	    size != struct_size(from, pieces, from->nr)) {
		pr_err("kho_churn: a blob of %zu bytes isn't mine\n", size);
		return -EBADMSG;
	}

	hops = from->hops + 1;
	for (i = 0; i < from->nr && !err; i++)
		err = take_piece(&from->pieces[i]);
	if (!err)
		kho_restore_free((void *)from);
	return err;
}

/* --- what the successor shall find --- */

/* The last piece takes the place of one that goes. */
static void release(unsigned int i)
{
	kinds[pieces[i].kind].drop(&pieces[i], mem[i]);
	left -= pieces[i].nr_pages;
	nr--;
	pieces[i] = pieces[nr];
	mem[i] = mem[nr];
}

static int make(void)
{
	struct piece *piece = &pieces[nr];

	memset(piece, 0, sizeof(*piece));
	piece->kind = below(NR_KINDS);
	mem[nr] = kinds[piece->kind].make(piece);
	if (!mem[nr])
		return -ENOMEM;

	piece->born = hops;
	piece->seed = (u64)prandom_u32_state(&rnd) << 32;
	fill(mem[nr], piece->nr_pages * PAGE_SIZE, piece->seed);
	left += piece->nr_pages;
	nr++;
	return 0;
}

static int preserve(unsigned int i)
{
	return kinds[pieces[i].kind].preserve(&pieces[i], mem[i]);
}

static void unpreserve(unsigned int i)
{
	kinds[pieces[i].kind].unpreserve(&pieces[i], mem[i]);
}

static void leave_nothing(unsigned int preserved)
{
	while (preserved)
		unpreserve(--preserved);
	while (nr)
		release(nr - 1);
}

/* What becomes of each piece is decided at random, new ones take their place. */
static int renew(void)
{
	unsigned int i = nr;
	int err = 0;

	left = taken;
	while (i--)
		if (!below(3))
			release(i);
	while (!err && nr < MAX_PIECES && left < mib << (20 - PAGE_SHIFT))
		err = make();
	return err;
}

/* Some are preserved, not any more, and in part once again. */
static int preserve_all(unsigned int *done)
{
	unsigned int i;
	int err = 0;

	for (*done = 0; *done < nr && !err; *done += !err)
		err = preserve(*done);

	for (i = nr; !err && i--;) {
		bool again = below(2);

		if (below(4))
			continue;
		unpreserve(i);
		if (again)
			err = preserve(i);
		if (!again || err)
			release(i);
		*done = nr;
	}
	return err;
}

static int tell(void)
{
	size_t size = struct_size(carried, pieces, nr);
	int err;

	carried = kho_alloc_preserve(size);
	if (IS_ERR(carried))
		return PTR_ERR(carried);

	carried->magic = MAGIC;
	carried->hops = hops;
	carried->nr = nr;
	memcpy(carried->pieces, pieces, nr * sizeof(*pieces));
	err = kho_add_subtree(SUBTREE, carried, size);
	if (err)
		kho_unpreserve_free(carried);
	return err;
}

static int leave(void)
{
	unsigned int preserved = 0;
	int err;

	err = renew() ?: preserve_all(&preserved) ?: tell();
	if (err) {
		pr_err("kho_churn: nothing is preserved: %d\n", err);
		leave_nothing(preserved);
	}
	return err;
}

static int __init kho_churn_init(void)
{
	int err = kho_is_enabled() ? take() : -EOPNOTSUPP;

	prandom_seed_state(&rnd, seed);
	return err ?: leave();
}
module_init(kho_churn_init);

static void __exit kho_churn_exit(void)
{
	kho_remove_subtree(carried);
	kho_unpreserve_free(carried);
	leave_nothing(nr);
}
module_exit(kho_churn_exit);

MODULE_DESCRIPTION("Carries random memory through many kexecs and checks it");
MODULE_LICENSE("GPL");
