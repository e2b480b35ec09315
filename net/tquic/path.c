// SPDX-License-Identifier: GPL-2.0
/*
 * Paths of a connection: which one a packet came by, proving that the peer receives on a new one
 * (RFC 9000 section 8.2), following a peer whose address changed (section 9), and the limit on what
 * an unproven address is sent (section 8.1).  Routes are udp.c's.
 */
#include <linux/random.h>
#include <linux/slab.h>
#include <net/ipv6.h>

#include "conn.h"

/** tquic_addr_equal - same family, address and port */
bool tquic_addr_equal(const union tquic_addr *a, const union tquic_addr *b)
{
	if (a->sa.sa_family != b->sa.sa_family || a->v4.sin_port != b->v4.sin_port)
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
	return ipv6_addr_equal(&a->v6.sin6_addr, &b->v6.sin6_addr);
}

/*
 * tquic_path_add - a path between two addresses, of which ours may be the wildcard; its recovery
 * starts like the active path's began.  NULL: no memory or no free index.
 */
struct tquic_path *tquic_path_add(struct tquic_conn *conn, const union tquic_addr *local,
				  const union tquic_addr *remote, gfp_t gfp)
{
	struct tquic_path *path;
	int i = 0;

	while (i < TQUIC_PATH_MAX && conn->paths[i])
		i++;
	if (i == TQUIC_PATH_MAX)
		return NULL;
	path = kzalloc(sizeof(*path), gfp | __GFP_ACCOUNT);
	if (!path)
		return NULL;
	path->index = i;
	path->local = *local;
	path->remote = *remote;
	path->challenge_us = TQUIC_TIME_NEVER;
	tquic_mtu_init(&path->mtu, TQUIC_MTU_BASE, TQUIC_MTU_BASE);
	if (conn->path) {
		const struct tquic_recovery *from = &conn->path->rec;

		tquic_loss_recovery_init(&path->rec, from->cc.ops, path->mtu.cur,
					 TQUIC_INITIAL_RTT_US);
		path->rec.max_ack_delay_us = from->max_ack_delay_us;
		path->rec.pacer.rate_max = from->pacer.rate_max;
	}
	conn->paths[i] = path;
	conn->loss_ctx.path[i] = &path->rec;
	return path;
}

/** tquic_path_del - forget a path; what its packets in flight carried is sent again by others */
void tquic_path_del(struct tquic_conn *conn, struct tquic_path *path)
{
	conn->paths[path->index] = NULL;
	conn->loss_ctx.path[path->index] = NULL;
	if (conn->path == path)
		conn->path = NULL;
	/* there is another only after the handshake */
	if (path->tx_bytes)
		tquic_loss_path_gone(&conn->loss_ctx, &conn->spaces[TQUIC_SPACE_APP].loss,
				     path->index);
	conn->ops->unroute(conn, path);
	kfree(path);
}

/*
 * The path to give up for another: one that proved nothing and is not being asked
 * to, for anybody who saw a connection ID can make such; else one that was left.
 * NULL: while the active one is unproven, what is proven must stay.
 */
static struct tquic_path *path_victim(struct tquic_conn *conn)
{
	struct tquic_path *path, *left = NULL;

	for (int i = 0; i < TQUIC_PATH_MAX; i++) {
		path = conn->paths[i];
		if (!path)
			return NULL;	/* none need go */
		if (path == conn->path || path->challenge_us != TQUIC_TIME_NEVER)
			continue;
		if (!path->validated)
			return path;
		if (!left && conn->path->validated)
			left = path;
	}
	return left;
}

/* A path that is not the active one goes, with its connection ID if nobody borrows that */
static void path_retire(struct tquic_conn *conn, struct tquic_path *path)
{
	if (tquic_cid_of_path(&conn->cids, conn->path->index) &&
	    !tquic_cid_release(&conn->cids, path->index))
		conn->due |= TQUIC_DUE(RETIRE_CONNECTION_ID);
	tquic_path_del(conn, path);
}

static bool path_has(const struct tquic_path *path, const union tquic_addr *local,
		     const union tquic_addr *remote)
{
	return tquic_addr_equal(&path->remote, remote) && tquic_addr_equal(&path->local, local);
}

/*
 * tquic_path_of_rx - the path that a datagram came by, NULL: drop it.  A new address makes a
 * candidate path, on a server only, once the handshake is confirmed (RFC 9000 section 9).
 */
struct tquic_path *tquic_path_of_rx(struct tquic_conn *conn, const struct tquic_rx *rx)
{
	struct tquic_path *path = conn->path;

	if (likely(path_has(path, &rx->local, &rx->remote)))
		return path;
	tquic_for_each_path(path, conn)
		if (path_has(path, &rx->local, &rx->remote))
			return path;
	/* who may not move may still come to the address that it was asked to, section 18.2 */
	if (!conn->server || !conn->confirmed ||
	    (conn->local.disable_active_migration && !conn->local.has_preferred))
		return NULL;
	path = path_victim(conn);
	if (path)
		path_retire(conn, path);
	return tquic_path_add(conn, &rx->local, &rx->remote, GFP_ATOMIC);
}

/* Data leaves by this path from now on */
static void path_activate(struct tquic_conn *conn, struct tquic_path *path)
{
	struct tquic_cid_entry *cid = tquic_cid_take(&conn->cids, path->index);

	if (cid)
		conn->dcid = cid->cid;
	conn->spin = conn->spin && !conn->spins;
	conn->path = path;
}

/*
 * Ask the peer to prove that it receives on a path; again, if it was asked and did not
 * answer.  The three tries last as long as RFC 9000 section 8.2.4 wants a validation to.
 */
static void path_challenge(struct tquic_conn *conn, struct tquic_path *path, u64 now_us)
{
	struct tquic_path *other;
	u64 pto_us = 0;

	if (path->challenge_us == TQUIC_TIME_NEVER)
		path->tries = 0;
	get_random_bytes(path->challenge[path->tries++], TQUIC_PATH_DATA_LEN);
	path->ask = true;
	tquic_for_each_path(other, conn)	/* conn->path may be the new one already */
		pto_us = max(pto_us, tquic_loss_pto_us(&other->rec, true, conn->confirmed));
	path->challenge_us = now_us + pto_us;
}

/*
 * tquic_path_migrate - leave for a path from @local to @remote when the peer has answered there,
 * RFC 9000 section 9.2, with @ep bound for it, which is the path's if this succeeds.  Client.
 * Any context.  Return: 0; -EAGAIN: the handshake is not confirmed, another such path is being
 * asked, those that were left are still there, or the peer has given no connection ID for it;
 * -EOPNOTSUPP: it never will; -EINVAL: it is the path in use; -ENOMEM; or there is no route.
 */
int tquic_path_migrate(struct tquic_conn *conn, const union tquic_addr *local,
		       const union tquic_addr *remote, struct tquic_endpoint *ep, u64 now_us)
{
	struct tquic_path *path;
	int err, nr = 0;

	if (!conn->dcid.len)
		return -EOPNOTSUPP;
	tquic_for_each_path(path, conn)
		nr += path->ours ? TQUIC_PATH_MAX : 1;
	if (!conn->confirmed || nr >= TQUIC_PATH_MAX)
		return -EAGAIN;
	path = tquic_path_add(conn, local, remote, GFP_ATOMIC);
	if (!path)
		return -ENOMEM;
	err = conn->ops->route(conn, path);
	if (!err && path_has(conn->path, &path->local, remote))
		err = -EINVAL;
	if (!err && !tquic_cid_take(&conn->cids, path->index))
		err = -EAGAIN;
	if (err) {
		path_retire(conn, path);
		return err;
	}
	path->ep = ep;
	path->ours = true;
	conn->path->rec.pto_count = 0;	/* losses there say nothing of how long this may take */
	path_challenge(conn, path, now_us);
	return 0;
}

/* One host, and not this one: nothing else is a stranger's to choose, RFC 9000 section 21.5.6 */
static bool addr_decent(const union tquic_addr *addr)
{
	__be32 v4 = addr->v4.sin_addr.s_addr;
	int type;

	if (addr->sa.sa_family == AF_INET)
		return !ipv4_is_zeronet(v4) && !ipv4_is_loopback(v4) && !ipv4_is_multicast(v4) &&
		       !ipv4_is_lbcast(v4);
	type = ipv6_addr_type(&addr->v6.sin6_addr);
	return type & IPV6_ADDR_UNICAST && !(type & IPV6_ADDR_LOOPBACK);
}

/* A path to the address that this server prefers */
static bool at_preferred(const struct tquic_conn *conn, const struct tquic_path *path)
{
	bool v6 = path->local.sa.sa_family == AF_INET6;

	return unlikely(conn->local.has_preferred) &&
	       tquic_addr_equal(&conn->local.preferred[v6], &path->local);
}

/*
 * tquic_path_preferred - a client goes where its server would rather have it, with an address of
 * the family in use, RFC 9000 section 9.6.1; when that does not work it stays where it is
 */
void tquic_path_preferred(struct tquic_conn *conn, u64 now_us)
{
	const union tquic_addr *from = &conn->path->remote;
	union tquic_addr to = conn->remote.preferred[from->sa.sa_family == AF_INET6];

	to.v6.sin6_scope_id = from->v6.sin6_scope_id;
	if (to.v4.sin_port && addr_decent(&to))
		tquic_path_migrate(conn, &conn->path->local, &to, NULL, now_us);
}

/* What we left stays for what is still under way there: until nothing comes any more */
static void path_linger(struct tquic_path *left, u64 now_us)
{
	get_random_bytes(left->challenge, sizeof(left->challenge));	/* nobody answers it */
	left->heard = left->rx_bytes;
	left->tries = TQUIC_PATH_TRIES;
	left->challenge_us = now_us + 3 * tquic_loss_pto_us(&left->rec, true, true);
}

/* Data leave by a path that has just become the active one, or valid; both is so now */
static void path_settled(struct tquic_conn *conn, struct tquic_path *path, u8 local, u64 now_us)
{
	tquic_mib_inc(conn->mib, CONN_MIGRATED);
	tquic_path_mtu_changed(conn, path, now_us);
	tquic_mtu_start(&path->mtu, now_us);
	conn->ops->event(conn, QUIC_EVENT_CONNECTION_MIGRATION, &local, 1);
}

/*
 * tquic_path_on_packet - an authenticated packet came by a path, RFC 9000 section 9.2 and 9.3: the
 * newest that does more than probe moves a server there, and the address must then prove itself.
 * So must the one that it left: a peer still there answers, and moves the connection back.  To its
 * preferred address the server asks first, and moves when that is proven, for good; section 9.6.2.
 */
void tquic_path_on_packet(struct tquic_conn *conn, struct tquic_path *path, bool probing,
			  bool newest, u64 now_us)
{
	struct tquic_path *left = conn->path;
	bool here, there;

	if (likely(path == left) || !conn->server)
		return;
	here = at_preferred(conn, left);
	there = at_preferred(conn, path);
	if (unlikely(there && !here && !path->validated)) {
		if (path->challenge_us == TQUIC_TIME_NEVER)
			path_challenge(conn, path, now_us);
		return;
	}
	if (probing || !newest || (here && !there))
		return;
	path_activate(conn, path);
	left->rec.pto_count = 0;	/* losses there say nothing of elsewhere */
	if (there && !here)
		path_settled(conn, path, false, now_us);
	if (path->validated)
		return;
	if (path->challenge_us == TQUIC_TIME_NEVER)
		path_challenge(conn, path, now_us);
	if (left->challenge_us == TQUIC_TIME_NEVER)
		path_challenge(conn, left, now_us);
}

/** tquic_path_rx_challenge - the peer asks: answer by the same path, once for each */
void tquic_path_rx_challenge(struct tquic_path *path, const u8 *data)
{
	path->answers += path->answers < TQUIC_PATH_ANSWERS;
	memcpy(path->response[path->answers - 1], data, TQUIC_PATH_DATA_LEN);
}

/* One of our challenges on a path had this data */
static bool path_asked(const struct tquic_path *path, const u8 *data)
{
	for (int i = 0; i < path->tries; i++)
		if (!memcmp(path->challenge[i], data, TQUIC_PATH_DATA_LEN))
			return path->challenge_us != TQUIC_TIME_NEVER;
	return false;
}

/** tquic_path_rx_response - the peer answers with the 8 bytes of @data, by whatever path */
void tquic_path_rx_response(struct tquic_conn *conn, const u8 *data, u64 now_us)
{
	struct tquic_path *path;
	u8 local = 0;

	tquic_for_each_path(path, conn) {
		if (!path_asked(path, data))
			continue;
		path->challenge_us = TQUIC_TIME_NEVER;
		path->ask = false;
		path->proven_us = now_us;
		if (path->validated)	/* it was only asked whether it still is */
			return;
		path->validated = true;
		if (path->ours) {
			path->ours = false;
			local = !tquic_addr_equal(&path->local, &conn->path->local);
			path_linger(conn->path, now_us);
			path_activate(conn, path);
			conn->due |= TQUIC_DUE_PING;	/* for the peer to follow */
		}
		if (path == conn->path)
			path_settled(conn, path, local, now_us);
		return;
	}
}

/*
 * tquic_path_timeout - a challenge was not answered in time; after the last try the path goes, the
 * one that last answered is used; without, the connection ends silently, RFC 9000 section 9.3.2.
 */
void tquic_path_timeout(struct tquic_conn *conn, struct tquic_path *path, u64 now_us)
{
	struct tquic_path *other, *back = NULL;

	if (path->tries < TQUIC_PATH_TRIES) {
		path_challenge(conn, path, now_us);
		return;
	}
	if (!conn->server && path->validated && path->heard != path->rx_bytes) {
		path_linger(path, now_us);
		return;
	}
	path->validated = false;
	if (path == conn->path) {
		tquic_for_each_path(other, conn)
			if (other->validated && (!back || other->proven_us > back->proven_us))
				back = other;
		if (!back) {
			tquic_conn_die(conn, EHOSTUNREACH);
			return;
		}
		path_activate(conn, back);
	}
	path_retire(conn, path);
}

/** tquic_path_mtu_changed - the route, or a probe, has changed the size of a full datagram */
void tquic_path_mtu_changed(struct tquic_conn *conn, struct tquic_path *path, u64 now_us)
{
	u64 max;

	path->route_mtu = conn->ops->path_mtu(conn, path);
	max = min_t(u64, path->route_mtu, conn->remote.max_udp_payload_size);
	max = min_t(u64, max, TQUIC_PATH_MAX_UDP);
	tquic_mtu_set_max(&path->mtu, max, now_us);
	tquic_cc_set_mss(&path->rec.cc, path->mtu.cur);
}

/** tquic_path_amplification_room - bytes that may be sent before the address has proven itself */
u64 tquic_path_amplification_room(const struct tquic_path *path)
{
	if (likely(path->validated || path->ours))
		return U64_MAX;
	return 3 * path->rx_bytes > path->tx_bytes ? 3 * path->rx_bytes - path->tx_bytes : 0;
}
