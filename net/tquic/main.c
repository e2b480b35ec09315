// SPDX-License-Identifier: GPL-2.0
/*
 * Loading and unloading: brings the parts of the module up in order, for the
 * machine and for each network namespace, and takes them down in reverse.
 * Nothing happens here between the two.
 */
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "compat/compat.h"
#include "sock.h"

unsigned int tquic_net_id __read_mostly;
struct workqueue_struct *tquic_wq;

static int __net_init net_init(struct net *net)
{
	struct tquic_net *tn = tquic_pernet(net);
	int err;

	err = tquic_mib_net_init(net);
	if (err)
		return err;
	err = tquic_token_keys_init(&tn->token_keys);
	if (err)
		goto exit_mib;
	err = tquic_udp_net_init(net);
	if (err)
		goto free_keys;
	err = tquic_sysctl_net_init(net);
	if (err)
		goto exit_udp;
	err = tquic_diag_net_init(net);
	if (err)
		goto exit_sysctl;
	return 0;

exit_sysctl:
	tquic_sysctl_net_exit(net);
exit_udp:
	tquic_udp_net_exit(net);
free_keys:
	tquic_token_keys_free(&tn->token_keys);
exit_mib:
	tquic_mib_net_exit(net);
	return err;
}

static void __net_exit net_exit(struct net *net)
{
	tquic_diag_net_exit(net);
	tquic_sysctl_net_exit(net);
	tquic_udp_net_exit(net);
	tquic_token_keys_free(&tquic_pernet(net)->token_keys);
	tquic_mib_net_exit(net);
}

static struct pernet_operations net_ops = {
	.init = net_init,
	.exit = net_exit,
	.id = &tquic_net_id,
	.size = sizeof(struct tquic_net),
};

static int __init caches_init(void)
{
	int err;

	err = tquic_sent_setup();
	if (err)
		return err;
	err = tquic_recvbuf_setup();
	if (err)
		goto free_sent;
	err = tquic_stream_setup();
	if (err)
		goto free_recvbuf;
	err = tquic_conn_setup();
	if (err)
		goto free_stream;
	return 0;

free_stream:
	tquic_stream_teardown();
free_recvbuf:
	tquic_recvbuf_teardown();
free_sent:
	tquic_sent_teardown();
	return err;
}

static void caches_exit(void)
{
	tquic_conn_teardown();
	tquic_stream_teardown();
	tquic_recvbuf_teardown();
	tquic_sent_teardown();
}

static int __init tquic_init(void)
{
	int err;

	err = caches_init();
	if (err)
		return err;
	err = tquic_crypto_setup();
	if (err)
		goto free_caches;
	err = tquic_lookup_setup();
	if (err)
		goto free_crypto;
	err = -ENOMEM;
	tquic_wq = alloc_workqueue("tquic", WQ_UNBOUND, 0);
	if (!tquic_wq)
		goto free_lookup;
	err = register_pernet_subsys(&net_ops);
	if (err)
		goto free_wq;
	err = tquic_socket_register();
	if (err)
		goto free_net;
	return 0;

free_net:
	unregister_pernet_subsys(&net_ops);
free_wq:
	destroy_workqueue(tquic_wq);
free_lookup:
	tquic_lookup_teardown();
free_crypto:
	tquic_crypto_teardown();
free_caches:
	caches_exit();
	return err;
}

/* No socket exists any more: each one holds the module */
static void __exit tquic_exit(void)
{
	tquic_socket_unregister();
	unregister_pernet_subsys(&net_ops);
	destroy_workqueue(tquic_wq);
	synchronize_rcu();	/* softirq may still be inside a callback of a UDP socket */
	rcu_barrier();
	tquic_lookup_teardown();
	tquic_crypto_teardown();
	caches_exit();
}

module_init(tquic_init);
module_exit(tquic_exit);

/* IPPROTO_QUIC is 261; types are SOCK_STREAM, 1, and SOCK_DGRAM, 2 */
MODULE_ALIAS_NET_PF_PROTO(PF_INET, 261);
MODULE_ALIAS_NET_PF_PROTO(PF_INET6, 261);
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET, 261, 1);
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET, 261, 2);
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET6, 261, 1);
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET6, 261, 2);
MODULE_DESCRIPTION("QUIC transport protocol (RFC 9000)");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1");
