/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All clock policy of a connection in one place: which deadline is next and
 * what happens when it passes.  Owns no kernel timer; its caller does.
 */
#ifndef _TQUIC_TIMER_H
#define _TQUIC_TIMER_H

#include "conn.h"

u64 tquic_timer_next(const struct tquic_conn *conn);
void tquic_timer_run(struct tquic_conn *conn, u64 now_us);

#endif
