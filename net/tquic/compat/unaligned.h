/* SPDX-License-Identifier: GPL-2.0 */
/* Where this kernel keeps get_unaligned_be32() and its family. */
#ifndef _TQUIC_COMPAT_UNALIGNED_H
#define _TQUIC_COMPAT_UNALIGNED_H

#ifdef TQUIC_HAVE_ASM_UNALIGNED
#include <asm/unaligned.h>
#else
#include <linux/unaligned.h>
#endif

#endif
