/* SPDX-License-Identifier: GPL-2.0 */
/* Copy mode, and how switches are asked for: by a load, and no packet of a run asks. */
#ifndef _TQUIC_COPY_H
#define _TQUIC_COPY_H

#include <linux/types.h>

struct scatterlist;
struct tquic_packet;

/* tquic_off - a switch of the namespace of a connection is off */
#define tquic_off(conn, name)	unlikely(!READ_ONCE((conn)->switches->name))

void tquic_copy_payload(void *dst, struct scatterlist *sg, u32 len);
bool tquic_copy_frame(struct tquic_packet *b, u32 len);

#endif
