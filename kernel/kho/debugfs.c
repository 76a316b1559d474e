// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is handed over and what was, in debugfs as mainline has it:
 *
 *	kho/out/fdt		the root FDT of the next handover
 *	kho/out/sub_fdts/NAME	its subtrees
 *	kho/out/scratch_phys	addresses of the scratch areas
 *	kho/out/scratch_len	their bytes
 *	kho/in/fdt		the root FDT that this kernel was handed
 *	kho/in/sub_fdts/NAME	its subtrees, as long as they are preserved
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/debugfs.h>
#include <linux/io.h>
#include <linux/libfdt.h>
#include <linux/list.h>
#include <linux/pfn.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "internal.h"
#include "root_fdt.h"

static struct dentry *out_dir;
static struct dentry *out_subtrees;

/**
 * struct blob - a file
 * @link: in out_blobs, if it can go away again
 * @file: the file
 * @mem: what it shows
 * @size: bytes
 * @incoming: it is gone once somebody has taken its memory
 */
struct blob {
	struct list_head link;
	struct dentry *file;
	const void *mem;
	size_t size;
	bool incoming;
};

/* Files in out_subtrees; protected by what protects the root FDT. */
static LIST_HEAD(out_blobs);

static ssize_t blob_read(struct file *file, char __user *buf, size_t count,
			 loff_t *pos)
{
	const struct blob *blob = file->private_data;

	if (blob->incoming &&
	    !kho_in_blocks(virt_to_phys((void *)blob->mem),
			   PFN_UP(blob->size)))
		return -ENOENT;
	return simple_read_from_buffer(buf, count, pos, blob->mem, blob->size);
}

static const struct file_operations blob_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = blob_read,
	.llseek = default_llseek,
};

static struct blob *add_blob(const char *name, struct dentry *dir,
			     const void *mem, size_t size)
{
	struct blob *blob = kzalloc(sizeof(*blob), GFP_KERNEL);

	if (!blob)
		return NULL;
	INIT_LIST_HEAD(&blob->link);
	blob->mem = mem;
	blob->size = size;
	blob->file = debugfs_create_file(name, 0400, dir, blob, &blob_fops);
	if (IS_ERR(blob->file)) {
		kfree(blob);
		return NULL;
	}
	i_size_write(d_inode(blob->file), size);
	return blob;
}

/**
 * kho_debugfs_add - show a subtree that is handed over
 * @name: its name
 * @mem: the blob, which stays until kho_debugfs_remove()
 * @size: bytes
 *
 * Context: the root FDT is locked; may sleep.
 */
void kho_debugfs_add(const char *name, const void *mem, size_t size)
{
	struct blob *blob = add_blob(name, out_subtrees, mem, size);

	if (blob)
		list_add(&blob->link, &out_blobs);
}

/**
 * kho_debugfs_remove - undo kho_debugfs_add()
 * @mem: the blob
 *
 * Context: the root FDT is locked; waits for those who read it.
 */
void kho_debugfs_remove(const void *mem)
{
	struct blob *blob;

	list_for_each_entry(blob, &out_blobs, link) {
		if (blob->mem != mem)
			continue;
		debugfs_remove(blob->file);
		list_del(&blob->link);
		kfree(blob);
		return;
	}
}

static int scratch_phys_show(struct seq_file *m, void *data)
{
	unsigned int i;

	for (i = 0; i < kho_scratch_cnt; i++)
		seq_printf(m, "%#llx\n", (u64)kho_scratch[i].addr);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(scratch_phys);

static int scratch_len_show(struct seq_file *m, void *data)
{
	unsigned int i;

	for (i = 0; i < kho_scratch_cnt; i++)
		seq_printf(m, "%#llx\n", (u64)kho_scratch[i].size);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(scratch_len);

static void __init show_incoming_subtree(const char *name, struct dentry *dir)
{
	struct blob *blob;
	phys_addr_t phys;
	u64 size;

	if (kho_in_look_up(name, &phys, &size))
		return;
	blob = add_blob(name, dir, phys_to_virt(phys), size);
	if (blob)
		blob->incoming = true;
}

static void __init show_incoming(struct dentry *dir)
{
	const void *fdt = kho_in_fdt();
	struct dentry *subtrees;
	int node;

	if (!fdt)
		return;

	add_blob("fdt", dir, fdt, fdt_totalsize(fdt));
	subtrees = debugfs_create_dir("sub_fdts", dir);
	fdt_for_each_subnode(node, fdt, 0)
		show_incoming_subtree(fdt_get_name(fdt, node, NULL), subtrees);
}

/**
 * kho_debugfs_init - show what was handed over, and prepare for subtrees
 *
 * Context: initcall, before anything has been taken or is handed over.
 */
void __init kho_debugfs_init(void)
{
	struct dentry *dir = debugfs_create_dir("kho", NULL);

	show_incoming(debugfs_create_dir("in", dir));
	out_dir = debugfs_create_dir("out", dir);
	out_subtrees = debugfs_create_dir("sub_fdts", out_dir);
	debugfs_create_file("scratch_phys", 0400, out_dir, NULL,
			    &scratch_phys_fops);
	debugfs_create_file("scratch_len", 0400, out_dir, NULL,
			    &scratch_len_fops);
}

/**
 * kho_debugfs_show_root - show the root FDT that is handed over
 * @fdt: its page, which stays
 *
 * Context: initcall.
 */
void __init kho_debugfs_show_root(const void *fdt)
{
	add_blob("fdt", out_dir, fdt, KHO_ROOT_SIZE);
}
