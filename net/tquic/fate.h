/* SPDX-License-Identifier: GPL-2.0 */
/* What becomes of sent frames: the callbacks of loss recovery. */
#ifndef _TQUIC_FATE_H
#define _TQUIC_FATE_H

#include "conn.h"

extern const struct tquic_loss_ops tquic_fate_ops;

void tquic_fate_acked(struct tquic_conn *conn);

#endif
