/* SPDX-License-Identifier: GPL-2.0 */
/* Internet addresses: those of the C library have the same members. */
#ifndef _SHIM_IN6_H
#define _SHIM_IN6_H

#include <netinet/in.h>

#endif
