// SPDX-License-Identifier: GPL-2.0-only
/*
 * The subtree of mainline's Live Update Orchestrator, "luo-v5": sessions, their
 * files (memfds are looked into), and objects that files share.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <linux/mm.h>

#include "dump.h"
#include "dump_vmalloc.h"
#include "physmem.h"
#include "report.h"

#define LUO_FORMAT	"luo-v5"
#define MEMFD_FORMAT	"memfd-v2"
#define MAX_BLOCKS	10000

struct luo {
	char compatible[8];
	u64 number;
	u64 sessions;
	u64 flbs;
} __packed;

struct luo_session {
	char name[64];
	u64 files;
	u64 nr_files;
} __packed;

struct luo_file {
	char compatible[48];
	u64 data;
	u64 token;
} __packed;

struct luo_flb_page {
	u64 nr_pages;
	u64 nr;
	struct luo_flb {
		char name[48];
		u64 data;
		u64 nr_users;
	} __packed flb[];
} __packed;

struct memfd {
	u64 pos;
	u64 size;
	u32 seals;
	u32 flags;
	u64 nr_folios;
	struct kho_vmalloc folios;
} __packed;

struct memfd_folio {
	u64 pfn : 52;
	u64 flags : 12;
	u64 index;
} __packed;

/* A list of entries of one size is a chain of such pages. */
struct block {
	u64 next;
	u64 nr;
	unsigned char entries[];
} __packed;

static bool is_name(const char *name, size_t room)
{
	return name[0] && memchr(name, 0, room);
}

static const void *preserved_at(u64 phys, u64 size)
{
	const void *mem = physmem_at(phys, size);

	if (mem && is_preserved(phys, size))
		return mem;
	problem("%" PRIu64 " bytes at %#" PRIx64 " aren't preserved", size,
		phys);
	return NULL;
}

static u64 walk_entries(u64 phys, size_t size,
			void (*dump)(const void *entry))
{
	unsigned int left = MAX_BLOCKS;
	u64 nr = 0;

	while (phys && left--) {
		const struct block *block = preserved_at(phys, PAGE_SIZE);
		u64 i;

		if (!block)
			return nr;
		if (!block->nr ||
		    block->nr > (PAGE_SIZE - sizeof(*block)) / size) {
			problem("block at %#" PRIx64 " has %" PRIu64 " entries",
				phys, block->nr);
			return nr;
		}
		for (i = 0; i < block->nr; i++)
			dump(block->entries + i * size);
		nr += block->nr;
		phys = block->next;
	}
	if (phys)
		problem("list of blocks doesn't end");
	return nr;
}

static void check_folio(const struct memfd_folio *folio)
{
	if (folio->pfn &&
	    !is_preserved((u64)folio->pfn << PAGE_SHIFT, PAGE_SIZE))
		problem("folio %" PRIu64 " at %#" PRIx64 " isn't preserved",
			folio->index, (u64)folio->pfn << PAGE_SHIFT);
}

static void check_folios(const struct memfd *memfd, const u64 *pages)
{
	const u64 per_page = PAGE_SIZE / sizeof(struct memfd_folio);
	u64 i;

	if (memfd->nr_folios > memfd->folios.total_pages * per_page) {
		problem("more folios than there is room for");
		return;
	}
	for (i = 0; i < memfd->nr_folios; i++) {
		const struct memfd_folio *page =
			physmem_at(pages[i / per_page], PAGE_SIZE);

		check_folio(page + i % per_page);
	}
}

static void dump_memfd(u64 phys)
{
	const struct memfd *memfd = preserved_at(phys, sizeof(*memfd));
	struct kho_vmalloc folios;
	u64 *pages;

	if (!memfd)
		return;
	say("memfd: %" PRIu64 " bytes, %" PRIu64 " folios, at %" PRIu64 ", seals %#x",
	    memfd->size, memfd->nr_folios, memfd->pos, memfd->seals);
	if (memfd->flags)
		problem("unknown flags %#x", memfd->flags);
	if (!memfd->nr_folios)
		return;
	folios = memfd->folios;
	pages = dump_vmalloc(&folios);
	if (pages)
		check_folios(memfd, pages);
	free(pages);
}

static void dump_file(const void *entry)
{
	const struct luo_file *file = entry;

	if (!is_name(file->compatible, sizeof(file->compatible))) {
		problem("file without a format");
		return;
	}
	say("file %" PRIu64 ": %s, %#" PRIx64, file->token, file->compatible,
	    file->data);
	report_depth++;
	if (!strcmp(file->compatible, MEMFD_FORMAT))
		dump_memfd(file->data);
	report_depth--;
}

static void dump_session(const void *entry)
{
	const struct luo_session *session = entry;
	u64 nr;

	if (!is_name(session->name, sizeof(session->name))) {
		problem("session without a name");
		return;
	}
	say("session %s", session->name);
	report_depth++;
	nr = walk_entries(session->files, sizeof(struct luo_file), dump_file);
	if (nr != session->nr_files)
		problem("it has %" PRIu64 " files, not %" PRIu64, nr,
			session->nr_files);
	report_depth--;
}

static void dump_flbs(u64 phys)
{
	const struct luo_flb_page *page = preserved_at(phys, PAGE_SIZE);
	u64 i;

	if (!page)
		return;
	if (page->nr_pages != 1 ||
	    page->nr > (PAGE_SIZE - sizeof(*page)) / sizeof(page->flb[0])) {
		problem("list of shared objects makes no sense");
		return;
	}
	for (i = 0; i < page->nr; i++) {
		const struct luo_flb *flb = &page->flb[i];

		if (is_name(flb->name, sizeof(flb->name)))
			say("shared object %s: %#" PRIx64 ", %" PRIu64 " users",
			    flb->name, flb->data, flb->nr_users);
		else
			problem("shared object without a name");
	}
}

/**
 * dump_luo - print what the Live Update Orchestrator hands over
 * @subtree: struct luo
 */
void dump_luo(const struct subtree *subtree)
{
	const struct luo *luo = subtree->mem;

	if (subtree->size < sizeof(*luo)) {
		problem("it has %" PRIu64 " bytes, not %zu", subtree->size,
			sizeof(*luo));
		return;
	}
	if (strncmp(luo->compatible, LUO_FORMAT, sizeof(luo->compatible))) {
		problem("its format isn't " LUO_FORMAT);
		return;
	}
	say(LUO_FORMAT ", live update %" PRIu64, luo->number);
	walk_entries(luo->sessions, sizeof(struct luo_session), dump_session);
	if (luo->flbs)
		dump_flbs(luo->flbs);
}
