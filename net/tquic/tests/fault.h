/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allocations that fail on demand.  The user-space harness can make them; in the kernel
 * these functions return false and the test leaves out what needs the failure.
 */
#ifndef _TQUIC_TESTS_FAULT_H
#define _TQUIC_TESTS_FAULT_H

#include <linux/slab.h>

/** fault_alloc - the nth allocation from now on fails (1: the next; 0: none) */
static inline bool fault_alloc(u32 nth)
{
#ifdef _SHIM_SLAB_H
	shim_fail_alloc(nth);
	return true;
#else
	return false;
#endif
}

/** fault_all - every allocation fails until switched off */
static inline bool fault_all(bool on)
{
#ifdef _SHIM_SLAB_H
	shim_fail_all_allocs(on);
	return true;
#else
	return false;
#endif
}

#endif
