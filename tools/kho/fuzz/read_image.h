/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_FUZZ_READ_IMAGE_H
#define _KHO_FUZZ_READ_IMAGE_H

struct kho_image;

void read_image(const struct kho_image *image);

#endif /* _KHO_FUZZ_READ_IMAGE_H */
