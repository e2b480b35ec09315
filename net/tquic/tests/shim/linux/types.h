/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's basic types and, as in the kernel by way of many headers, the small
 * macros that everything uses.  Part of the user-space harness of the unit tests:
 * it gives the leaves of the module what they call, and nothing that they do not.
 */
#ifndef _SHIM_TYPES_H
#define _SHIM_TYPES_H

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>
#include_next <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;
typedef unsigned int gfp_t;
typedef unsigned int slab_flags_t;
typedef struct { int counter; } atomic_t;
typedef struct { s64 counter; } atomic64_t;

#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>

#endif
