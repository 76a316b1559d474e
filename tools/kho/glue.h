/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_GLUE_H
#define _KHO_GLUE_H

struct kho_image;
struct kho_machine;

void machine_init(struct kho_machine *m);
void machine_clear(struct kho_machine *m,
		   void (*release)(struct kho_image *image));

#endif /* _KHO_GLUE_H */
