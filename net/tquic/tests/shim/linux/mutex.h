/* SPDX-License-Identifier: GPL-2.0 */
/* Mutexes of a program with one thread: they only notice that they were taken twice, or never. */
#ifndef _SHIM_MUTEX_H
#define _SHIM_MUTEX_H

#include <linux/types.h>

struct mutex {
	bool locked;
};

#define DEFINE_MUTEX(name)	struct mutex name

static inline void mutex_init(struct mutex *m)
{
	m->locked = false;
}

static inline void mutex_lock(struct mutex *m)
{
	WARN_ON(m->locked);
	m->locked = true;
}

static inline void mutex_unlock(struct mutex *m)
{
	WARN_ON(!m->locked);
	m->locked = false;
}

#endif
