/* SPDX-License-Identifier: GPL-2.0 */
/* Where this kernel keeps get_unaligned_be32() and its family. */
#ifndef _TQUIC_COMPAT_UNALIGNED_H
#define _TQUIC_COMPAT_UNALIGNED_H

#if __has_include(<linux/unaligned.h>)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#endif
