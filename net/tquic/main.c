// SPDX-License-Identifier: GPL-2.0
/*
 * Loading and unloading: brings the parts of the module up in order, for the machine and for each
 * network namespace, and takes them down in reverse.  Nothing happens here between the two.
 */
#include <linux/module.h>

#include "sock.h"

unsigned int tquic_net_id __read_mostly;
struct workqueue_struct *tquic_wq, *tquic_release_wq;

/* Also what there is of a namespace whose net_init() has failed */
static void __net_exit net_exit(struct net *net)
{
	struct tquic_net *tn = tquic_pernet(net);

	tquic_diag_net_exit(net);
	tquic_sysctl_net_exit(net);
	tquic_udp_net_exit(net);
	tquic_token_keys_free(&tn->token_keys);
	free_percpu(tn->mib);
}

static int __net_init net_init(struct net *net)
{
	struct tquic_net *tn = tquic_pernet(net);
	int err;

	tquic_udp_net_init(net);
	tn->mib = alloc_percpu(struct tquic_mib);
	err = tquic_sysctl_net_init(net) ?: (tn->mib ? 0 : -ENOMEM) ?:
	      tquic_token_keys_init(&tn->token_keys) ?: tquic_diag_net_init(net);
	if (err)
		net_exit(net);
	return err;
}

static struct pernet_operations net_ops = {
	.init = net_init,
	.exit = net_exit,
	.id = &tquic_net_id,
	.size = sizeof(struct tquic_net),
};

static void free_wqs(void)
{
	if (tquic_wq)	/* first: it gives the other one endpoints to release */
		destroy_workqueue(tquic_wq);
	if (tquic_release_wq)
		destroy_workqueue(tquic_release_wq);
	synchronize_rcu();	/* softirq may still be inside a callback of a UDP socket */
	rcu_barrier();
}

static int make_wqs(void)
{
	tquic_wq = alloc_workqueue("tquic", WQ_UNBOUND, 0);
	tquic_release_wq = alloc_workqueue("tquic_release", WQ_UNBOUND, 0);
	if (tquic_wq && tquic_release_wq)
		return 0;
	free_wqs();
	return -ENOMEM;
}

static int register_net(void)
{
	return register_pernet_subsys(&net_ops);
}

static void unregister_net(void)
{
	unregister_pernet_subsys(&net_ops);
}

/* In the order of coming up.  When the last goes, no socket exists: each one holds the module */
static const struct {
	int (*up)(void);
	void (*down)(void);
} parts[] = {
	{ tquic_sent_setup, tquic_sent_teardown },
	{ tquic_recvbuf_setup, tquic_recvbuf_teardown },
	{ tquic_stream_setup, tquic_stream_teardown },
	{ tquic_conn_setup, tquic_conn_teardown },
	{ tquic_crypto_setup, tquic_crypto_teardown },
	{ tquic_lookup_setup, tquic_lookup_teardown },
	{ make_wqs, free_wqs },
	{ register_net, unregister_net },
	{ tquic_af_register, tquic_af_unregister },
};

static void take_down(size_t n)
{
	while (n--)
		parts[n].down();
}

static int __init tquic_init(void)
{
	int err = 0;
	size_t i;

	for (i = 0; !err && i < ARRAY_SIZE(parts); i++)
		err = parts[i].up();
	if (err)
		take_down(i - 1);
	return err;
}

static void __exit tquic_exit(void)
{
	take_down(ARRAY_SIZE(parts));
}

module_init(tquic_init);
module_exit(tquic_exit);

/* IPPROTO_QUIC is 261; of any type, which socket() asks for last */
MODULE_ALIAS_NET_PF_PROTO(PF_INET, 261);
MODULE_ALIAS_NET_PF_PROTO(PF_INET6, 261);
MODULE_DESCRIPTION("QUIC transport protocol (RFC 9000)");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1");
