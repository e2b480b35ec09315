/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Datagrams with long headers: the flights of the handshake.
 */
#ifndef _TQUIC_FLIGHT_H
#define _TQUIC_FLIGHT_H

#include "conn.h"

void tquic_flight_output(struct tquic_conn *conn, u64 now_us);

#endif
