/* SPDX-License-Identifier: GPL-2.0 */
/* The clock policy of a connection; its caller owns the kernel timer. */
#ifndef _TQUIC_TIMER_H
#define _TQUIC_TIMER_H

#include "conn.h"

u64 tquic_timer_next(const struct tquic_conn *conn);
void tquic_timer_run(struct tquic_conn *conn, u64 now_us);

#endif
