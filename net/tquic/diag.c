// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/net/quic: conns, a line for each connection, eps, a line for each local address, and snmp,
 * the counters.  Looks only at its own namespace and changes nothing.
 */
#include <linux/proc_fs.h>
#include <linux/seq_file_net.h>

#include "sock.h"

static const char *const conn_states[] = {
	[TQUIC_CONN_IDLE] = "idle",
	[TQUIC_CONN_HANDSHAKE] = "handshake",
	[TQUIC_CONN_ESTABLISHED] = "established",
	[TQUIC_CONN_CLOSING] = "closing",
	[TQUIC_CONN_DRAINING] = "draining",
	[TQUIC_CONN_CLOSED] = "closed",
};

static const char *const mib_names[TQUIC_MIB_NUM] = {
#define X(name) #name,
	TQUIC_MIB_LIST(X)
#undef X
};

static void show_cid(struct seq_file *seq, const struct tquic_cid *cid)
{
	if (cid->len)
		seq_printf(seq, "%*phN ", cid->len, cid->id);
	else
		seq_puts(seq, "- ");
}

/* Of all IDs that lead to a connection one stands for it: the oldest of ours but an empty one */
static bool stands_for(const struct tquic_conn *conn, const struct tquic_cid *cid)
{
	const struct tquic_cid_entry *local = conn->cids.local, *oldest = NULL;

	for (int i = 0; i < TQUIC_CID_USED_MAX; i++)
		if (local[i].used && local[i].cid.len && (!oldest || local[i].seq < oldest->seq))
			oldest = &local[i];
	return oldest && tquic_cid_equal(&oldest->cid, cid->id, cid->len);
}

static void show_conn(struct seq_file *seq, struct sock *sk, const struct tquic_conn *conn)
{
	const struct tquic_path *path = conn->path;

	seq_printf(seq, "%pISpc %pISpc %s %s ", &path->local.sa, &path->remote.sa,
		   conn->server ? "server" : "client", conn_states[conn->state]);
	show_cid(seq, &conn->local.iscid);
	show_cid(seq, &conn->dcid);
	seq_printf(seq, "%llu %llu %u %u %llu %llu %llu %llu %u %lu\n",
		   path->rec.cc.cwnd, path->rec.cc.in_flight, path->rec.rtt.smoothed_us,
		   path->mtu.cur, conn->stats.tx_bytes, conn->stats.rx_bytes,
		   conn->stats.lost_pkts, conn->stats.retrans_bytes,
		   from_kuid_munged(seq_user_ns(seq), tquic_sk_uid(sk)),
		   (unsigned long)sock_i_ino(sk));
}

static bool conns_one(struct sock *sk, const struct tquic_cid *cid, void *seq)
{
	const struct tquic_conn *conn;

	lock_sock(sk);
	conn = tquic_sk(sk)->conn;
	if (conn && conn->path && stands_for(conn, cid))
		show_conn(seq, sk, conn);
	release_sock(sk);
	return !seq_has_overflowed(seq);
}

static int conns_show(struct seq_file *seq, void *v)
{
	seq_puts(seq, "local remote role state scid dcid cwnd in_flight srtt_us mtu tx_bytes rx_bytes lost_pkts retrans_bytes uid inode\n");
	tquic_lookup_walk(seq_file_single_net(seq), conns_one, seq);
	return 0;
}

static int eps_show(struct seq_file *seq, void *v)
{
	struct tquic_net *tn = tquic_pernet(seq_file_single_net(seq));
	struct tquic_endpoint *ep;
	int i;

	seq_puts(seq, "local dev listener users\n");
	spin_lock_bh(&tn->lock);
	hash_for_each(tn->endpoints, i, ep, node)
		seq_printf(seq, "%pISpc %d %d %u\n", &ep->addr.sa, ep->bound_dev_if,
			   !!rcu_access_pointer(ep->listener), refcount_read(&ep->refs));
	spin_unlock_bh(&tn->lock);
	return 0;
}

/* Every counter: right in the sum, where one goes up and another CPU's down */
static int snmp_show(struct seq_file *seq, void *v)
{
	const struct tquic_net *tn = tquic_pernet(seq_file_single_net(seq));
	int i, cpu;

	for (i = 0; i < TQUIC_MIB_NUM; i++) {
		unsigned long sum = 0;

		for_each_possible_cpu(cpu)
			sum += READ_ONCE(per_cpu_ptr(tn->mib, cpu)->v[i]);
		seq_printf(seq, "%s %lu\n", mib_names[i], sum);
	}
	return 0;
}

/** tquic_diag_net_init - make /proc/net/quic of a new namespace; 0 or -ENOMEM */
int tquic_diag_net_init(struct net *net)
{
	struct proc_dir_entry *dir = proc_net_mkdir(net, "quic", net->proc_net);

	return dir && proc_create_net_single("conns", 0444, dir, conns_show, NULL) &&
	       proc_create_net_single("eps", 0444, dir, eps_show, NULL) &&
	       proc_create_net_single("snmp", 0444, dir, snmp_show, NULL) ? 0 : -ENOMEM;
}

/** tquic_diag_net_exit - undo tquic_diag_net_init(), even if it has failed */
void tquic_diag_net_exit(struct net *net)
{
	remove_proc_subtree("quic", net->proc_net);
}
