// SPDX-License-Identifier: GPL-2.0
/*
 * The switches of the administrator.  net.quic holds the memory limits of all
 * QUIC sockets of the machine: written in the initial namespace, shown in each.
 * net.tquic is per namespace.  Values are only kept here; others act on them.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/sysctl.h>

#include "compat/compat.h"
#include "sock.h"

long sysctl_tquic_mem[3] __read_mostly;
int sysctl_tquic_rmem[3] __read_mostly = { 4096, 4 << 20, 256 << 20 };
int sysctl_tquic_wmem[3] __read_mostly = { 4096, 4 << 20, 64 << 20 };

static int least_buffer = 4096;

static const struct ctl_table quic_table[] = {
	{
		.procname = "quic_mem",
		.data = sysctl_tquic_mem,
		.maxlen = sizeof(sysctl_tquic_mem),
		.mode = 0644,
		.proc_handler = proc_doulongvec_minmax,
	},
	{
		.procname = "quic_rmem",
		.data = sysctl_tquic_rmem,
		.maxlen = sizeof(sysctl_tquic_rmem),
		.mode = 0644,
		.proc_handler = proc_dointvec_minmax,
		.extra1 = &least_buffer,
	},
	{
		.procname = "quic_wmem",
		.data = sysctl_tquic_wmem,
		.maxlen = sizeof(sysctl_tquic_wmem),
		.mode = 0644,
		.proc_handler = proc_dointvec_minmax,
		.extra1 = &least_buffer,
	},
	{ }
};

/* data: offsets in struct tquic_net, made pointers for each namespace */
static const struct ctl_table tquic_table[] = {
	{
		.procname = "gso",
		.data = (void *)offsetof(struct tquic_net, sysctl_gso),
		.maxlen = sizeof(int),
		.mode = 0644,
		.proc_handler = proc_dointvec_minmax,
		.extra1 = SYSCTL_ZERO,
		.extra2 = SYSCTL_ONE,
	},
	{
		.procname = "gro",
		.data = (void *)offsetof(struct tquic_net, sysctl_gro),
		.maxlen = sizeof(int),
		.mode = 0644,
		.proc_handler = proc_dointvec_minmax,
		.extra1 = SYSCTL_ZERO,
		.extra2 = SYSCTL_ONE,
	},
	{ }
};

/* Both end in an empty entry */
#define TABLE_ENTRIES(table)	(ARRAY_SIZE(table) - 1)

static struct ctl_table_header *register_quic(struct net *net)
{
	struct ctl_table_header *h;
	struct ctl_table *table;
	size_t i;

	table = kmemdup(quic_table, sizeof(quic_table), GFP_KERNEL);
	if (!table)
		return NULL;
	for (i = 0; i < TABLE_ENTRIES(quic_table); i++)
		if (!net_eq(net, &init_net))
			table[i].mode = 0444;
	h = tquic_sysctl_register(net, "net/quic", table, TABLE_ENTRIES(quic_table));
	if (!h)
		kfree(table);
	return h;
}

static struct ctl_table_header *register_tquic(struct net *net)
{
	struct tquic_net *tn = tquic_pernet(net);
	struct ctl_table_header *h;
	struct ctl_table *table;
	size_t i;

	table = kmemdup(tquic_table, sizeof(tquic_table), GFP_KERNEL);
	if (!table)
		return NULL;
	for (i = 0; i < TABLE_ENTRIES(tquic_table); i++)
		table[i].data = (void *)tn + (unsigned long)table[i].data;
	h = tquic_sysctl_register(net, "net/tquic", table, TABLE_ENTRIES(tquic_table));
	if (!h)
		kfree(table);
	return h;
}

static void unregister(struct ctl_table_header *h)
{
	const struct ctl_table *table = h->ctl_table_arg;

	unregister_net_sysctl_table(h);
	kfree(table);
}

/* As for TCP: pressure begins at an eighth of what can hold buffers */
static void set_mem(void)
{
	unsigned long limit = max(nr_free_buffer_pages() / 8, 128UL);

	sysctl_tquic_mem[0] = limit / 4 * 3;
	sysctl_tquic_mem[1] = limit;
	sysctl_tquic_mem[2] = limit / 4 * 6;
}

/**
 * tquic_sysctl_net_init - the switches of a new namespace, at their defaults
 * @net: the namespace
 *
 * Return: 0 or -ENOMEM.
 */
int tquic_sysctl_net_init(struct net *net)
{
	struct tquic_net *tn = tquic_pernet(net);

	if (net_eq(net, &init_net))
		set_mem();
	tn->sysctl_gso = 1;
	tn->sysctl_gro = 1;
	tn->sysctl_quic = register_quic(net);
	if (!tn->sysctl_quic)
		return -ENOMEM;
	tn->sysctl_tquic = register_tquic(net);
	if (tn->sysctl_tquic)
		return 0;
	unregister(tn->sysctl_quic);
	return -ENOMEM;
}

/** tquic_sysctl_net_exit - undo tquic_sysctl_net_init() */
void tquic_sysctl_net_exit(struct net *net)
{
	struct tquic_net *tn = tquic_pernet(net);

	unregister(tn->sysctl_tquic);
	unregister(tn->sysctl_quic);
}
