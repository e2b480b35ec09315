// SPDX-License-Identifier: GPL-2.0
/*
 * The counters of a network namespace: their memory, and their sum over all
 * CPUs as /proc/net/quic/snmp shows it.  Who counts what is in mib.h.
 */
#include "sock.h"

static const char *const names[TQUIC_MIB_NUM] = {
#define X(name) #name,
	TQUIC_MIB_LIST(X)
#undef X
};

/** tquic_mib_net_init - counters for a new namespace, all zero; 0 or -ENOMEM */
int tquic_mib_net_init(struct net *net)
{
	struct tquic_net *tn = tquic_pernet(net);

	tn->mib = alloc_percpu(struct tquic_mib);
	return tn->mib ? 0 : -ENOMEM;
}

/** tquic_mib_net_exit - undo tquic_mib_net_init() */
void tquic_mib_net_exit(struct net *net)
{
	free_percpu(tquic_pernet(net)->mib);
}

/**
 * tquic_mib_show - write every counter as a line "NAME value"
 * @seq: where to
 * @tn: of this namespace
 *
 * A counter that goes up on one CPU and down on another is right in the sum.
 */
void tquic_mib_show(struct seq_file *seq, const struct tquic_net *tn)
{
	int i, cpu;

	for (i = 0; i < TQUIC_MIB_NUM; i++) {
		unsigned long sum = 0;

		for_each_possible_cpu(cpu)
			sum += READ_ONCE(per_cpu_ptr(tn->mib, cpu)->v[i]);
		seq_printf(seq, "%s %lu\n", names[i], sum);
	}
}
