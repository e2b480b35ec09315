/* SPDX-License-Identifier: GPL-2.0 */
/* There are no softirqs in user space. */
#ifndef _SHIM_LINUX_BOTTOM_HALF_H
#define _SHIM_LINUX_BOTTOM_HALF_H

static inline void local_bh_disable(void)
{
}

static inline void local_bh_enable(void)
{
}

#endif
