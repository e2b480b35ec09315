// SPDX-License-Identifier: GPL-2.0
/*
 * The counters of a network namespace: their sum over all CPUs as
 * /proc/net/quic/snmp shows it.  Who counts what is in mib.h.
 */
#include <linux/seq_file_net.h>

#include "sock.h"

static const char *const names[TQUIC_MIB_NUM] = {
#define X(name) #name,
	TQUIC_MIB_LIST(X)
#undef X
};

/** tquic_mib_show - every counter: right in the sum, where one goes up and another CPU's down */
int tquic_mib_show(struct seq_file *seq, void *v)
{
	const struct tquic_net *tn = tquic_pernet(seq_file_single_net(seq));
	int i, cpu;

	for (i = 0; i < TQUIC_MIB_NUM; i++) {
		unsigned long sum = 0;

		for_each_possible_cpu(cpu)
			sum += READ_ONCE(per_cpu_ptr(tn->mib, cpu)->v[i]);
		seq_printf(seq, "%s %lu\n", names[i], sum);
	}
	return 0;
}
