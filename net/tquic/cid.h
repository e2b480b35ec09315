/* SPDX-License-Identifier: GPL-2.0 */
/* The connection IDs of one connection, RFC 9000 section 5.1: ours and the peer's. */
#ifndef _TQUIC_CID_H
#define _TQUIC_CID_H

#include "wire.h"

#define TQUIC_CID_USED_MAX	8	/* connection IDs of each end that are in use at once */
#define TQUIC_CID_RETIRE_MAX	32	/* RETIRE_CONNECTION_ID frames owed and not acknowledged */

#define TQUIC_CID_SPARE		0xff	/* instead of a path's index, which is below 16 */

/* One of ours that the peer may use, or of the peer's that we may */
struct tquic_cid_entry {
	u64 seq;
	struct tquic_cid cid;
	u8 reset_token[TQUIC_TOKEN_RESET_LEN];
	bool used;	/* the entry holds one */
	bool due;	/* ours: NEW_CONNECTION_ID is to be sent */
	bool has_token;	/* the peer's: reset_token is known */
	u8 path;	/* the peer's: of the path that sends with it, TQUIC_CID_SPARE: none */
};

struct tquic_cids {
	struct tquic_cid_entry local[TQUIC_CID_USED_MAX];
	struct tquic_cid_entry remote[TQUIC_CID_USED_MAX];
	u64 retire[TQUIC_CID_RETIRE_MAX];	/* sequence numbers that are retired by frame */
	u32 retiring;		/* bit i: retire[i] is in use, until the frame is acknowledged */
	u32 retire_due;		/* bit i: the frame is to be sent */
	u64 local_next_seq;
	u64 local_prior_to;	/* the peer is to retire what is below */
	u64 remote_prior_to;	/* largest the peer announced */
	u64 seen_base;		/* the peer's sequence numbers below it count as seen */
	u64 seen;		/* bit i: seen_base + i was issued to us */
	u16 starved;		/* bit i: path i has lost its connection ID and gets the next one */
	u8 local_limit;		/* how many the peer keeps: active_connection_id_limit, capped */
	u8 remote_limit;	/* how many we keep: what we announced */
};

void tquic_cids_init(struct tquic_cids *cs, u8 remote_limit);

/* ours */
void tquic_cid_set_local_limit(struct tquic_cids *cs, u64 limit);
struct tquic_cid_entry *tquic_cid_issue(struct tquic_cids *cs, const struct tquic_cid *cid);
bool tquic_cid_want_issue(const struct tquic_cids *cs);
struct tquic_cid_entry *tquic_cid_next_due(struct tquic_cids *cs);
void tquic_cid_new_lost(struct tquic_cids *cs, u64 seq);
int tquic_cid_rx_retire(struct tquic_cids *cs, u64 seq, const u8 *dcid, u8 dcid_len,
			struct tquic_cid *gone);
int tquic_cid_ask_retire(struct tquic_cids *cs, u64 prior_to);

/* the peer's */
int tquic_cid_rx_new(struct tquic_cids *cs, u64 seq, u64 prior_to, const u8 *cid, u8 cid_len,
		     const u8 *reset_token, u8 active);
void tquic_cid_set_first(struct tquic_cids *cs, const u8 *cid, u8 cid_len);
void tquic_cid_set_first_token(struct tquic_cids *cs, const u8 *reset_token);
struct tquic_cid_entry *tquic_cid_of_path(struct tquic_cids *cs, u8 path);
struct tquic_cid_entry *tquic_cid_to_send(struct tquic_cids *cs, u8 path);
struct tquic_cid_entry *tquic_cid_take(struct tquic_cids *cs, u8 path);
int tquic_cid_release(struct tquic_cids *cs, u8 path);
bool tquic_cid_is_reset(const struct tquic_cids *cs, const u8 *token);
bool tquic_cid_next_retire(struct tquic_cids *cs, u64 *seq);
int tquic_cid_owe_retire(struct tquic_cids *cs, u64 seq);
void tquic_cid_retired(struct tquic_cids *cs, u64 seq);
int tquic_cid_rotate(struct tquic_cids *cs, u8 path, u64 active, u64 prior_to);
void tquic_cid_info(struct tquic_cids *cs, u8 path, struct quic_connection_id_info *info);

#endif
