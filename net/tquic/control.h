/* SPDX-License-Identifier: GPL-2.0 */
/* Control frames of a packet under construction. */
#ifndef _TQUIC_CONTROL_H
#define _TQUIC_CONTROL_H

#include "packet.h"

void tquic_control_path(struct tquic_packet *b);
void tquic_control_frames(struct tquic_packet *b);

#endif
