// SPDX-License-Identifier: GPL-2.0
/*
 * The switches of the administrator.  net.quic holds the memory limits of all
 * QUIC sockets of the machine: written in the initial namespace, shown in each.
 * net.tquic is per namespace.  Values are only kept here; others act on them.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/swap.h>

#include "sock.h"

long sysctl_tquic_mem[3] __read_mostly;
int sysctl_tquic_rmem[3] __read_mostly = { 4096, 4 << 20, 256 << 20 };
int sysctl_tquic_wmem[3] __read_mostly = { 4096, 4 << 20, 64 << 20 };

static int least_buffer = 4096;

#define NUMBERS(name, where, bytes, handler, ...)			\
	{ .procname = name, .data = where, .maxlen = bytes, .mode = 0644,	\
	  .proc_handler = handler, __VA_ARGS__ }
#define BUFFER(name, where)						\
	NUMBERS(name, where, sizeof(where), proc_dointvec_minmax, .extra1 = &least_buffer)
/* of struct tquic_switches; its offset here is made a pointer for each namespace */
#define COUNT(name, ...)						\
	NUMBERS(#name, (void *)offsetof(struct tquic_switches, name), sizeof(int), \
		proc_dointvec_minmax, .extra1 = SYSCTL_ZERO, __VA_ARGS__)
#define SWITCH(name)	COUNT(name, .extra2 = SYSCTL_ONE)

/* Both end in an empty entry */
static const struct ctl_table quic_table[] = {
	NUMBERS("quic_mem", sysctl_tquic_mem, sizeof(sysctl_tquic_mem), proc_doulongvec_minmax),
	BUFFER("quic_rmem", sysctl_tquic_rmem),
	BUFFER("quic_wmem", sysctl_tquic_wmem),
	{ }
};

static const struct ctl_table tquic_table[] = {
	SWITCH(gso),
	SWITCH(gro),
	SWITCH(zerocopy),
	SWITCH(hpbatch),
	SWITCH(ecn),
	SWITCH(spin),
	COUNT(ack_every),
	COUNT(rekey_packets),
	{ }
};

static struct ctl_table_header *enlist(struct net *net, const char *path,
				       const struct ctl_table *from, size_t bytes)
{
	struct ctl_table_header *h;
	struct ctl_table *table;
	size_t i, nr = bytes / sizeof(*from) - 1;

	table = kmemdup(from, bytes, GFP_KERNEL);
	if (!table)
		return NULL;
	for (i = 0; i < nr; i++) {
		if (from == tquic_table)
			table[i].data = (void *)&tquic_pernet(net)->switches +
					(unsigned long)table[i].data;
		else if (!net_eq(net, &init_net))
			table[i].mode = 0444;
	}
	h = tquic_sysctl_register(net, path, table, nr);
	if (!h)
		kfree(table);
	return h;
}

/** tquic_sysctl_net_init - the switches of a new namespace, at their defaults; 0 or -ENOMEM */
int tquic_sysctl_net_init(struct net *net)
{
	/* as for TCP: pressure begins at an eighth of what can hold buffers */
	unsigned long limit = max(nr_free_buffer_pages() / 8, 128UL);
	struct tquic_net *tn = tquic_pernet(net);

	if (net_eq(net, &init_net)) {
		sysctl_tquic_mem[0] = limit / 4 * 3;
		sysctl_tquic_mem[1] = limit;
		sysctl_tquic_mem[2] = limit / 4 * 6;
	}
	tn->switches = (struct tquic_switches) {
		.gso = 1, .gro = 1, .zerocopy = 1, .hpbatch = 1, .ecn = 1, .spin = 1,
	};
	tn->sysctls[0] = enlist(net, "net/quic", quic_table, sizeof(quic_table));
	tn->sysctls[1] = enlist(net, "net/tquic", tquic_table, sizeof(tquic_table));
	return tn->sysctls[0] && tn->sysctls[1] ? 0 : -ENOMEM;
}

/** tquic_sysctl_net_exit - undo tquic_sysctl_net_init(), even if it has failed */
void tquic_sysctl_net_exit(struct net *net)
{
	struct tquic_net *tn = tquic_pernet(net);
	const struct ctl_table *table;

	for (int i = 0; i < ARRAY_SIZE(tn->sysctls); i++) {
		if (!tn->sysctls[i])
			continue;
		table = tn->sysctls[i]->ctl_table_arg;
		unregister_net_sysctl_table(tn->sysctls[i]);
		kfree(table);
	}
}
