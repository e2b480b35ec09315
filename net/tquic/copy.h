/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Switches of the administrator that make output do what this stack is there to avoid, so that the
 * gain can be measured.  While all of them are on everywhere, asking costs nothing.
 */
#ifndef _TQUIC_COPY_H
#define _TQUIC_COPY_H

#include <linux/jump_label.h>
#include <linux/types.h>

struct scatterlist;
struct tquic_packet;

/* counts the switches that are off */
DECLARE_STATIC_KEY_FALSE(tquic_copy_key);

/* tquic_off - a switch of the namespace of a connection is off */
#define tquic_off(conn, name)							\
	(static_branch_unlikely(&tquic_copy_key) && !READ_ONCE((conn)->switches->name))

void tquic_copy_payload(void *dst, struct scatterlist *sg, u32 len);
bool tquic_copy_frame(struct tquic_packet *b, u32 len);

#endif
