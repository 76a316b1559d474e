// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver by way of the device tree: two properties of /chosen say where
 * the root FDT and the array of scratch areas are.
 *
 * Both are an address and a size, in cells as the root node says. Names and
 * layout are those of mainline.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/init.h>
#include <linux/kexec.h>
#include <linux/kexec_handover.h>
#include <linux/libfdt.h>
#include <linux/of_fdt.h>
#include <linux/of_kho.h>
#include <linux/printk.h>

static const char root_fdt_prop[] = "linux,kho-fdt";
static const char scratch_prop[] = "linux,kho-scratch";

struct place {
	u64 addr;
	u64 size;
};

static bool __init read_place(const void *fdt, int chosen, const char *name,
			      struct place *place)
{
	int wanted = (dt_root_addr_cells + dt_root_size_cells) * sizeof(__be32);
	const __be32 *cells;
	int len;

	cells = fdt_getprop(fdt, chosen, name, &len);
	if (!cells) {
		pr_err("/chosen has no %s\n", name);
		return false;
	}
	if (len != wanted) {
		pr_err("%s has %d bytes, not %d\n", name, len, wanted);
		return false;
	}

	place->addr = dt_mem_next_cell(dt_root_addr_cells, &cells);
	place->size = dt_mem_next_cell(dt_root_size_cells, &cells);
	return true;
}

/**
 * of_kho_take_chosen - take over the handover that /chosen names
 * @fdt: the device tree that this kernel was given, still writable
 *
 * The properties are wiped: a handover is taken once, but the device tree may
 * be passed on to the next kernel as it is, by kexec_load(2) for one.
 *
 * Context: early boot, before memblock is used.
 * Return: whether @fdt was changed.
 */
bool __init of_kho_take_chosen(void *fdt)
{
	int chosen = fdt_path_offset(fdt, "/chosen");
	struct place root, scratch;

	if (chosen < 0 || !fdt_getprop(fdt, chosen, root_fdt_prop, NULL))
		return false;

	if (read_place(fdt, chosen, root_fdt_prop, &root) &&
	    read_place(fdt, chosen, scratch_prop, &scratch))
		kho_populate(root.addr, root.size, scratch.addr, scratch.size);
	else
		kho_populate_failed("/chosen doesn't say where it is");

	fdt_nop_property(fdt, chosen, root_fdt_prop);
	fdt_nop_property(fdt, chosen, scratch_prop);
	return true;
}

#ifdef CONFIG_KEXEC_HANDOVER
/**
 * of_kho_add_chosen - tell the next kernel where the handover is
 * @image: the image that is being loaded
 * @fdt: its device tree, with room for more
 * @chosen: offset of /chosen in @fdt in bytes
 *
 * Context: kexec lock held; may sleep.
 * Return: 0, or an error of libfdt.
 */
int of_kho_add_chosen(const struct kimage *image, void *fdt, int chosen)
{
	int err;

	if (!image->kho.fdt)
		return 0;

	err = fdt_appendprop_addrrange(fdt, 0, chosen, root_fdt_prop,
				       image->kho.fdt, PAGE_SIZE);
	if (err)
		return err;
	return fdt_appendprop_addrrange(fdt, 0, chosen, scratch_prop,
					image->kho.scratch,
					image->kho.scratch_size);
}
#endif
