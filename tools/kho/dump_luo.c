// SPDX-License-Identifier: GPL-2.0-only
/*
 * The subtree of mainline's Live Update Orchestrator, "luo-v5": sessions, their
 * files (memfds are looked into), and objects that files share.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kho/abi/block.h>
#include <linux/kho/abi/luo.h>
#include <linux/kho/abi/memfd.h>
#include <linux/mm.h>

#include "dump.h"
#include "dump_vmalloc.h"
#include "physmem.h"
#include "report.h"

#define MAX_BLOCKS	10000

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
		const struct kho_block_header_ser *block =
			preserved_at(phys, KHO_BLOCK_SIZE);
		const char *entries;
		u64 i;

		if (!block)
			return nr;
		if (!block->count ||
		    block->count > (KHO_BLOCK_SIZE - sizeof(*block)) / size) {
			problem("block at %#" PRIx64 " has %" PRIu64 " entries",
				phys, block->count);
			return nr;
		}
		entries = (const char *)(block + 1);
		for (i = 0; i < block->count; i++)
			dump(entries + i * size);
		nr += block->count;
		phys = block->next;
	}
	if (phys)
		problem("list of blocks doesn't end");
	return nr;
}

static void check_folio(const struct memfd_luo_folio_ser *folio)
{
	if (folio->pfn &&
	    !is_preserved((u64)folio->pfn << PAGE_SHIFT, PAGE_SIZE))
		problem("folio %" PRIu64 " at %#" PRIx64 " isn't preserved",
			folio->index, (u64)folio->pfn << PAGE_SHIFT);
}

static void check_folios(const struct memfd_luo_ser *memfd, const u64 *pages)
{
	const u64 per_page = PAGE_SIZE / sizeof(struct memfd_luo_folio_ser);
	u64 i;

	if (memfd->nr_folios > memfd->folios.total_pages * per_page) {
		problem("more folios than there is room for");
		return;
	}
	for (i = 0; i < memfd->nr_folios; i++) {
		const struct memfd_luo_folio_ser *page =
			physmem_at(pages[i / per_page], PAGE_SIZE);

		check_folio(page + i % per_page);
	}
}

static void dump_memfd(u64 phys)
{
	const struct memfd_luo_ser *memfd = preserved_at(phys, sizeof(*memfd));
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
	const struct luo_file_ser *file = entry;

	if (!is_name(file->compatible, sizeof(file->compatible))) {
		problem("file without a format");
		return;
	}
	say("file %" PRIu64 ": %s, %#" PRIx64, file->token, file->compatible,
	    file->data);
	report_depth++;
	if (!strcmp(file->compatible, MEMFD_LUO_FH_COMPATIBLE))
		dump_memfd(file->data);
	report_depth--;
}

static void dump_session(const void *entry)
{
	const struct luo_session_ser *session = entry;
	const struct luo_file_set_ser *files = &session->file_set_ser;
	u64 nr;

	if (!is_name(session->name, sizeof(session->name))) {
		problem("session without a name");
		return;
	}
	say("session %s", session->name);
	report_depth++;
	nr = walk_entries(files->files, sizeof(struct luo_file_ser), dump_file);
	if (nr != files->count)
		problem("it has %" PRIu64 " files, not %" PRIu64, nr,
			files->count);
	report_depth--;
}

static void dump_flbs(u64 phys)
{
	const struct luo_flb_header_ser *page = preserved_at(phys, PAGE_SIZE);
	const struct luo_flb_ser *flb;
	u64 i;

	if (!page)
		return;
	flb = (const struct luo_flb_ser *)(page + 1);
	if (page->pgcnt != 1 ||
	    page->count > (PAGE_SIZE - sizeof(*page)) / sizeof(*flb)) {
		problem("list of shared objects makes no sense");
		return;
	}
	for (i = 0; i < page->count; i++, flb++) {
		if (is_name(flb->name, sizeof(flb->name)))
			say("shared object %s: %#" PRIx64 ", %" PRIu64 " users",
			    flb->name, flb->data, flb->count);
		else
			problem("shared object without a name");
	}
}

/**
 * dump_luo - print what the Live Update Orchestrator hands over
 * @subtree: struct luo_ser
 */
void dump_luo(const struct subtree *subtree)
{
	const struct luo_ser *luo = subtree->mem;

	if (subtree->size < sizeof(*luo)) {
		problem("it has %" PRIu64 " bytes, not %zu", subtree->size,
			sizeof(*luo));
		return;
	}
	if (strncmp(luo->compatible, LUO_ABI_COMPATIBLE,
		    sizeof(luo->compatible))) {
		problem("its format isn't " LUO_ABI_COMPATIBLE);
		return;
	}
	say(LUO_ABI_COMPATIBLE ", live update %" PRIu64, luo->liveupdate_num);
	walk_entries(luo->sessions_pa, sizeof(struct luo_session_ser),
		     dump_session);
	if (luo->flbs_pa)
		dump_flbs(luo->flbs_pa);
}
