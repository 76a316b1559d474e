// SPDX-License-Identifier: GPL-2.0-only
/*
 * The formats in which kernels are compressed. The kernel's own readers of
 * them are gone after boot; these call the libraries that stay.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/lz4.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <linux/vmalloc.h>
#include <linux/xz.h>
#include <linux/zlib.h>
#include <linux/zstd.h>

#include "unpack.h"

/* What "lz4 -l" writes: a magic number, then chunks, each after its size. */
#define LZ4_LEGACY_CHUNK	SZ_8M
#define LZ4_LEGACY_HEADER	4

/* RFC 1952: without options, deflated data begins here. */
#define GZIP_HEADER		10
#define GZIP_FLAGS		3

static int unpack_lz4(const void *packed, size_t packed_size, void *out,
		      size_t out_size)
{
	const void *end = packed + packed_size;
	size_t done = 0;

	packed += LZ4_LEGACY_HEADER;
	while (done < out_size) {
		size_t room = min_t(size_t, out_size - done, LZ4_LEGACY_CHUNK);
		u32 size;

		if (end - packed < sizeof(size))
			return -EINVAL;
		size = get_unaligned_le32(packed);
		packed += sizeof(size);
		if (size > end - packed || size > INT_MAX ||
		    LZ4_decompress_safe(packed, out + done, size, room) != room)
			return -EINVAL;
		packed += size;
		done += room;
		cond_resched();
	}
	return 0;
}

static int unpack_zstd(const void *packed, size_t packed_size, void *out,
		       size_t out_size)
{
	size_t bound = zstd_dctx_workspace_bound();
	int err = -EINVAL;
	void *workspace;
	zstd_dctx *dctx;
	size_t size;

	workspace = kvmalloc(bound, GFP_KERNEL);
	if (!workspace)
		return -ENOMEM;

	/* Behind the frame stands the size of what is in it. */
	size = zstd_find_frame_compressed_size(packed, packed_size);
	dctx = zstd_init_dctx(workspace, bound);
	if (dctx && !zstd_is_error(size) &&
	    zstd_decompress_dctx(dctx, out, out_size, packed, size) == out_size)
		err = 0;

	kvfree(workspace);
	return err;
}

static int unpack_xz(const void *packed, size_t packed_size, void *out,
		     size_t out_size)
{
	struct xz_buf buf = {
		.in = packed,
		.in_size = packed_size,
		.out = out,
		.out_size = out_size,
	};
	struct xz_dec *dec = xz_dec_init(XZ_SINGLE, 0);
	enum xz_ret ret;

	if (!dec)
		return -ENOMEM;
	ret = xz_dec_run(dec, &buf);
	xz_dec_end(dec);
	return ret == XZ_STREAM_END && buf.out_pos == out_size ? 0 : -EINVAL;
}

static int unpack_gzip(const void *packed, size_t packed_size, void *out,
		       size_t out_size)
{
	const u8 *header = packed;
	int ret;

	if (packed_size < GZIP_HEADER || packed_size > INT_MAX ||
	    out_size > INT_MAX || header[GZIP_FLAGS])
		return -EINVAL;

	ret = zlib_inflate_blob(out, out_size, packed + GZIP_HEADER,
				packed_size - GZIP_HEADER);
	if (ret < 0)
		return ret;
	return ret == out_size ? 0 : -EINVAL;
}

/* The numbers that files of each format begin with. */
static const struct {
	size_t length;
	u8 magic[6];
	int (*unpack)(const void *packed, size_t packed_size, void *out,
		      size_t out_size);
} formats[] = {
	{ 4, { 0x02, 0x21, 0x4c, 0x18 }, unpack_lz4 },
	{ 4, { 0x28, 0xb5, 0x2f, 0xfd }, unpack_zstd },
	{ 6, { 0xfd, '7', 'z', 'X', 'Z', 0 }, unpack_xz },
	{ 3, { 0x1f, 0x8b, 0x08 }, unpack_gzip },
};

/**
 * kho_unpack - decompress a kernel
 * @packed: as the kernel's build has compressed it: LZ4, Zstandard, XZ or gzip
 * @packed_size: its size in bytes; what stands behind it doesn't matter
 * @out: where to write to
 * @out_size: size in bytes of what was compressed
 *
 * Context: may sleep, and takes long.
 * Return: 0; -EOPNOTSUPP if it is in no format that is known; -EINVAL if it is
 * damaged, or of another size; -ENOMEM.
 */
int kho_unpack(const void *packed, size_t packed_size, void *out,
	       size_t out_size)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (packed_size >= formats[i].length &&
		    !memcmp(packed, formats[i].magic, formats[i].length))
			return formats[i].unpack(packed, packed_size, out,
						 out_size);
	return -EOPNOTSUPP;
}
