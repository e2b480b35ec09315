/* SPDX-License-Identifier: GPL-2.0 */
/* A path: two addresses and everything that belongs to the way between them. */
#ifndef _TQUIC_PATH_H
#define _TQUIC_PATH_H

#include <linux/netdevice.h>
#include <net/flow.h>
#include "loss.h"
#include "mtu.h"
#include "tparam.h"

struct dst_entry;
struct tquic_conn;
struct tquic_endpoint;
struct tquic_rx;

#define TQUIC_PATH_MAX		4	/* paths of one connection, candidates included */
#define TQUIC_PATH_MAX_UDP	16384	/* bytes of a datagram we send: two fill an order-3 page */
#define TQUIC_PATH_TRIES	3	/* PATH_CHALLENGEs before a path is given up */
#define TQUIC_PATH_ANSWERS	4	/* that may be due at once; of more the newest */
#define TQUIC_PATH_HEADROOM	(48 + LL_MAX_HEADER)	/* in front of skb->data of xmit, bytes */

struct tquic_path {
	struct tquic_recovery rec;
	struct tquic_mtu mtu;
	u8 index;			/* in conn->paths and in packet records */
	bool ask;			/* PATH_CHALLENGE is due */
	u8 answers;			/* PATH_RESPONSEs are */
	u8 tries;			/* PATH_CHALLENGEs of this validation */
	bool validated;			/* the peer has proven that it receives here */
	bool ours;			/* we want to leave by it, and ask whether it works */
	u8 challenge[TQUIC_PATH_TRIES][TQUIC_PATH_DATA_LEN];	/* what we asked, each time */
	u8 response[TQUIC_PATH_ANSWERS][TQUIC_PATH_DATA_LEN];	/* what the peer asked */
	u64 proven_us;			/* when it last did, 0: in the handshake */
	u64 challenge_us;		/* when it is repeated, TQUIC_TIME_NEVER: none waits */
	u64 rx_bytes;			/* for the amplification limit, RFC 9000 section 8 */
	u64 tx_bytes;
	u64 heard;			/* rx_bytes when a path that we left was last looked at */
	/* port always set; address may be the wildcard until routed */
	union tquic_addr local;
	union tquic_addr remote;
	struct tquic_endpoint *ep;	/* bound for this path, NULL: the owner's is used */
	/* the route; filled and refreshed by udp.c under the socket lock */
	struct dst_entry *dst;
	u32 dst_cookie;
	struct flowi fl;
	u32 route_mtu;			/* what path_mtu() said last, bytes of UDP payload */
	u32 gso_max;			/* bytes of one xmit, by route(); 0: one datagram each */
};

#define tquic_for_each_path(path, conn)							\
	for (int _i = 0; _i < TQUIC_PATH_MAX && ((path) = (conn)->paths[_i], true); _i++)	\
		if (path)

struct tquic_path *tquic_path_add(struct tquic_conn *conn, const union tquic_addr *local,
				  const union tquic_addr *remote, gfp_t gfp);
void tquic_path_del(struct tquic_conn *conn, struct tquic_path *path);
struct tquic_path *tquic_path_of_rx(struct tquic_conn *conn, const struct tquic_rx *rx);
int tquic_path_migrate(struct tquic_conn *conn, const union tquic_addr *local,
		       const union tquic_addr *remote, struct tquic_endpoint *ep, u64 now_us);
void tquic_path_preferred(struct tquic_conn *conn, u64 now_us);
void tquic_path_on_packet(struct tquic_conn *conn, struct tquic_path *path, bool probing,
			  bool newest, u64 now_us);
void tquic_path_rx_challenge(struct tquic_path *path, const u8 *data);
void tquic_path_rx_response(struct tquic_conn *conn, const u8 *data, u64 now_us);
void tquic_path_timeout(struct tquic_conn *conn, struct tquic_path *path, u64 now_us);
void tquic_path_mtu_changed(struct tquic_conn *conn, struct tquic_path *path, u64 now_us);
u64 tquic_path_amplification_room(const struct tquic_path *path);
bool tquic_addr_equal(const union tquic_addr *a, const union tquic_addr *b);

#endif
