// SPDX-License-Identifier: GPL-2.0
/*
 * Connection IDs, RFC 9000 section 5.1: which of ours the peer may use, which of the peer's we may,
 * who retires what.  Never makes one up, never publishes one, never writes a frame.
 */
#include <crypto/algapi.h>
#include <linux/kernel.h>
#include "cid.h"

/* the entries in use of one table */
#define for_each_used(c, table)								\
	for ((c) = (table); (c) < (table) + TQUIC_CID_USED_MAX; (c)++)			\
		if ((c)->used)

/* and the lowest and the highest number of theirs */
static void seq_range(struct tquic_cid_entry *table, u64 *first, u64 *last)
{
	struct tquic_cid_entry *c;

	*first = U64_MAX;
	*last = 0;
	for_each_used(c, table) {
		*first = min(*first, c->seq);
		*last = max(*last, c->seq);
	}
}

static struct tquic_cid_entry *find_seq(struct tquic_cid_entry *table, u64 seq)
{
	struct tquic_cid_entry *c;

	for_each_used(c, table)
		if (c->seq == seq)
			return c;
	return NULL;
}

static struct tquic_cid_entry *free_slot(struct tquic_cid_entry *table)
{
	for (u32 i = 0; i < TQUIC_CID_USED_MAX; i++)
		if (!table[i].used)
			return &table[i];
	return NULL;
}

/* An empty one stays the only one that the other end knows */
static bool is_empty(const struct tquic_cid_entry *table)
{
	return table->used && !table->cid.len;
}

/* Takes the same time for every pair, RFC 9000 section 10.3.1 */
static bool token_equal(const u8 *a, const u8 *b)
{
	return !crypto_memneq(a, b, TQUIC_TOKEN_RESET_LEN);
}

/** tquic_cids_init - no connection IDs yet; @remote_limit: our active_connection_id_limit */
void tquic_cids_init(struct tquic_cids *cs, u8 remote_limit)
{
	memset(cs, 0, sizeof(*cs));
	cs->remote_limit = min_t(u8, remote_limit, TQUIC_CID_USED_MAX);
	cs->local_limit = 2;
}

/** tquic_cid_set_local_limit - the peer's active_connection_id_limit is @limit */
void tquic_cid_set_local_limit(struct tquic_cids *cs, u64 limit)
{
	cs->local_limit = min_t(u64, limit, TQUIC_CID_USED_MAX);
}

/*
 * tquic_cid_issue - add a connection ID of ours, which the lookup table knows already, without its
 * reset token.  NEW_CONNECTION_ID is due of all but the first.  NULL: no room.
 */
struct tquic_cid_entry *tquic_cid_issue(struct tquic_cids *cs, const struct tquic_cid *cid)
{
	struct tquic_cid_entry *l = free_slot(cs->local);

	if (!l)
		return NULL;
	memset(l, 0, sizeof(*l));
	l->seq = cs->local_next_seq++;
	l->cid = *cid;
	l->used = true;
	l->due = l->seq != 0;
	return l;
}

/** tquic_cid_want_issue - the peer may have one more connection ID, RFC 9000 section 5.1.1 */
bool tquic_cid_want_issue(const struct tquic_cids *cs)
{
	const struct tquic_cid_entry *l;
	u32 used = 0;

	for_each_used(l, cs->local)
		used++;
	return used < cs->local_limit && !is_empty(cs->local);
}

/** tquic_cid_next_due - the lowest to announce, or NULL; who writes the frame clears `due` */
struct tquic_cid_entry *tquic_cid_next_due(struct tquic_cids *cs)
{
	struct tquic_cid_entry *l, *best = NULL;

	for_each_used(l, cs->local)
		if (l->due && (!best || l->seq < best->seq))
			best = l;
	return best;
}

/** tquic_cid_new_lost - the NEW_CONNECTION_ID frame of @seq was lost */
void tquic_cid_new_lost(struct tquic_cids *cs, u64 seq)
{
	struct tquic_cid_entry *l = find_seq(cs->local, seq);

	if (l)
		l->due = true;
}

/*
 * tquic_cid_rx_retire - RETIRE_CONNECTION_ID of @seq arrived in a packet to @dcid; @gone: what to
 * withdraw, of length 0 if gone already.  Returns 0 or PROTOCOL_VIOLATION, RFC 9000 section 19.16.
 */
int tquic_cid_rx_retire(struct tquic_cids *cs, u64 seq, const u8 *dcid, u8 dcid_len,
			struct tquic_cid *gone)
{
	struct tquic_cid_entry *l = find_seq(cs->local, seq);

	gone->len = 0;
	if (seq >= cs->local_next_seq || is_empty(cs->local))
		return TQUIC_WERR(PROTOCOL_VIOLATION);
	if (!l)
		return 0;
	if (tquic_cid_equal(&l->cid, dcid, dcid_len))
		return TQUIC_WERR(PROTOCOL_VIOLATION);
	*gone = l->cid;
	l->used = false;
	return 0;
}

/*
 * tquic_cid_ask_retire - the peer is to retire ours below @prior_to, RFC 9000 section 5.1.2; it is
 * told with the newest, which is due again.  Return: 0; -EAGAIN: it has not done the last of these
 * yet; -EINVAL: none is below, or none would be left.
 */
int tquic_cid_ask_retire(struct tquic_cids *cs, u64 prior_to)
{
	u64 first, last;

	seq_range(cs->local, &first, &last);
	if (first < cs->local_prior_to)
		return -EAGAIN;
	if (prior_to <= first || prior_to > last || is_empty(cs->local))
		return -EINVAL;
	cs->local_prior_to = prior_to;
	find_seq(cs->local, last)->due = true;
	return 0;
}

/*
 * tquic_cid_set_first - the connection ID of the peer's handshake packets: number 0, of path 0.  A
 * later call replaces it.  An empty one stays the only one, and every path has it.
 */
void tquic_cid_set_first(struct tquic_cids *cs, const u8 *cid, u8 cid_len)
{
	struct tquic_cid_entry *r = &cs->remote[0];

	r->seq = 0;
	tquic_cid_set(&r->cid, cid, cid_len);
	r->used = true;
	r->path = 0;
	cs->seen |= 1;
}

/** tquic_cid_set_first_token - the token of the peer's stateless_reset_token parameter */
void tquic_cid_set_first_token(struct tquic_cids *cs, const u8 *reset_token)
{
	struct tquic_cid_entry *r = &cs->remote[0];

	if (!r->used || r->seq)
		return;
	memcpy(r->reset_token, reset_token, TQUIC_TOKEN_RESET_LEN);
	r->has_token = true;
}

/* The entry of retire[] that holds @seq, -1: none does */
static int retire_find(const struct tquic_cids *cs, u64 seq)
{
	for (int i = 0; i < TQUIC_CID_RETIRE_MAX; i++)
		if (cs->retiring >> i & 1 && cs->retire[i] == seq)
			return i;
	return -1;
}

/** tquic_cid_owe_retire - RETIRE_CONNECTION_ID is due, perhaps again; 0 or -ENOSPC: too many */
int tquic_cid_owe_retire(struct tquic_cids *cs, u64 seq)
{
	int i = retire_find(cs, seq);

	if (i < 0) {
		if (!~cs->retiring)
			return -ENOSPC;
		i = __ffs(~cs->retiring);
		cs->retire[i] = seq;
		cs->retiring |= 1U << i;
	}
	cs->retire_due |= 1U << i;
	return 0;
}

/** tquic_cid_retired - the RETIRE_CONNECTION_ID frame of @seq was acknowledged */
void tquic_cid_retired(struct tquic_cids *cs, u64 seq)
{
	int i = retire_find(cs, seq);

	if (i < 0)
		return;
	cs->retiring &= ~(1U << i);
	cs->retire_due &= ~(1U << i);
}

/* The table holds no more of @r; a path that used it has to get another. */
static int retire_remote(struct tquic_cids *cs, struct tquic_cid_entry *r)
{
	int ret = tquic_cid_owe_retire(cs, r->seq);

	if (ret)
		return ret;
	if (r->path != TQUIC_CID_SPARE)
		cs->starved |= 1U << r->path;
	memset(r, 0, sizeof(*r));
	return 0;
}

/*
 * Was @seq issued before?  Sixty-four numbers are told apart; what is that far
 * behind counts as seen, and retiring it once more does no harm.
 */
static bool mark_seen(struct tquic_cids *cs, u64 seq)
{
	bool before;
	u64 shift;

	if (seq < cs->seen_base)
		return true;
	if (seq - cs->seen_base >= 64) {
		shift = seq - cs->seen_base - 63;
		cs->seen = shift < 64 ? cs->seen >> shift : 0;
		cs->seen_base += shift;
	}
	before = cs->seen >> (seq - cs->seen_base) & 1;
	cs->seen |= 1ULL << (seq - cs->seen_base);
	return before;
}

/* Does the frame agree with what is held?  *known is set when @seq is held. */
static int check_new(const struct tquic_cids *cs, u64 seq, const u8 *cid, u8 cid_len,
		     const u8 *reset_token, bool *known)
{
	const struct tquic_cid_entry *r;
	bool same_cid, same_seq, same_token;

	*known = false;
	for_each_used(r, cs->remote) {
		same_cid = tquic_cid_equal(&r->cid, cid, cid_len);
		same_token = !r->has_token || token_equal(r->reset_token, reset_token);
		same_seq = r->seq == seq;
		if (same_cid != same_seq || (same_cid && !same_token))
			return TQUIC_WERR(PROTOCOL_VIOLATION);
		*known |= same_cid;
	}
	return 0;
}

/* The path that is in use comes first */
static void feed_starved(struct tquic_cids *cs, u8 active)
{
	if (cs->starved >> active & 1)
		tquic_cid_take(cs, active);
	for (u8 path = 0; cs->starved >> path; path++)
		if (cs->starved >> path & 1)
			tquic_cid_take(cs, path);
}

static int retire_below(struct tquic_cids *cs, u64 prior_to, u8 active)
{
	struct tquic_cid_entry *r;

	if (prior_to <= cs->remote_prior_to)
		return 0;
	cs->remote_prior_to = prior_to;
	for_each_used(r, cs->remote)
		if (r->seq < prior_to && retire_remote(cs, r))
			return TQUIC_WERR(CONNECTION_ID_LIMIT);
	feed_starved(cs, active);	/* from those that were spare */
	return 0;
}

/*
 * tquic_cid_rx_new - NEW_CONNECTION_ID arrived, RFC 9000 sections 5.1.2 and 19.15.  Paths whose ID
 * has to go get another, the one that is @active first: look at tquic_cid_to_send() again.
 * RETIRE_CONNECTION_ID may be due.  Returns 0 or PROTOCOL_VIOLATION, CONNECTION_ID_LIMIT_ERROR,
 * FRAME_ENCODING_ERROR as a wire error.
 */
int tquic_cid_rx_new(struct tquic_cids *cs, u64 seq, u64 prior_to, const u8 *cid, u8 cid_len,
		     const u8 *reset_token, u8 active)
{
	struct tquic_cid_entry *r;
	bool known, before;
	u32 held = 0;
	int ret;

	if (!cid_len || cid_len > TQUIC_CID_MAX || prior_to > seq)
		return TQUIC_WERR(FRAME_ENCODING);
	if (is_empty(cs->remote))
		return TQUIC_WERR(PROTOCOL_VIOLATION);
	ret = check_new(cs, seq, cid, cid_len, reset_token, &known) ?:
	      retire_below(cs, prior_to, active);
	if (ret || known)
		return ret;
	before = mark_seen(cs, seq);
	if (seq < max(cs->remote_prior_to, cs->seen_base) && (!before || seq < cs->seen_base))
		return tquic_cid_owe_retire(cs, seq) ? TQUIC_WERR(CONNECTION_ID_LIMIT) : 0;
	if (before)
		return 0;
	for_each_used(r, cs->remote)
		held++;
	if (held >= cs->remote_limit)
		return TQUIC_WERR(CONNECTION_ID_LIMIT);
	r = free_slot(cs->remote);
	r->seq = seq;
	tquic_cid_set(&r->cid, cid, cid_len);
	memcpy(r->reset_token, reset_token, TQUIC_TOKEN_RESET_LEN);
	r->has_token = true;
	r->used = true;
	r->path = TQUIC_CID_SPARE;
	feed_starved(cs, active);
	return 0;
}

/** tquic_cid_of_path - the connection ID that path number @path sends with, NULL: none now */
struct tquic_cid_entry *tquic_cid_of_path(struct tquic_cids *cs, u8 path)
{
	struct tquic_cid_entry *r;

	if (is_empty(cs->remote))
		return &cs->remote[0];
	for_each_used(r, cs->remote)
		if (r->path == path)
			return r;
	return NULL;
}

/** tquic_cid_to_send - what packets of @path carry: its own ID, else that of another; NULL: none */
struct tquic_cid_entry *tquic_cid_to_send(struct tquic_cids *cs, u8 path)
{
	struct tquic_cid_entry *r = tquic_cid_of_path(cs, path);

	if (r)
		return r;
	for_each_used(r, cs->remote)
		return r;
	return NULL;
}

/** tquic_cid_take - a path's connection ID: its own, a spare, else NULL and the next that comes */
struct tquic_cid_entry *tquic_cid_take(struct tquic_cids *cs, u8 path)
{
	struct tquic_cid_entry *r, *best = tquic_cid_of_path(cs, path);

	if (best)
		return best;
	for_each_used(r, cs->remote)
		if (r->path == TQUIC_CID_SPARE && (!best || r->seq < best->seq))
			best = r;
	if (best) {
		best->path = path;
		cs->starved &= ~(1U << path);
	} else {
		cs->starved |= 1U << path;
	}
	return best;
}

/** tquic_cid_release - 0: RETIRE_CONNECTION_ID is due; -ENOENT: of none; -ENOSPC: owes too many */
int tquic_cid_release(struct tquic_cids *cs, u8 path)
{
	struct tquic_cid_entry *r = tquic_cid_of_path(cs, path);
	int ret = -ENOENT;

	if (r && r->cid.len)
		ret = retire_remote(cs, r);
	cs->starved &= ~(1U << path);
	return ret;
}

/** tquic_cid_is_reset - of an ID we send with; in the same time for any, RFC 9000 section 10.3.1 */
bool tquic_cid_is_reset(const struct tquic_cids *cs, const u8 *token)
{
	const struct tquic_cid_entry *r;
	bool found = false;

	for_each_used(r, cs->remote)
		if (r->has_token && r->path != TQUIC_CID_SPARE)
			found |= token_equal(r->reset_token, token);
	return found;
}

/** tquic_cid_next_retire - take the next number owed by RETIRE_CONNECTION_ID; false: none */
bool tquic_cid_next_retire(struct tquic_cids *cs, u64 *seq)
{
	if (!cs->retire_due)
		return false;
	*seq = cs->retire[__ffs(cs->retire_due)];
	cs->retire_due &= cs->retire_due - 1;
	return true;
}

/*
 * tquic_cid_rotate - have @path send with number @active, and retire what is below @prior_to; 0 in
 * either: that is not asked for.  What @path had is retired.  Return: 0: RETIRE_CONNECTION_ID is
 * due; -EAGAIN: too many are owed; -EINVAL: no such, or it was in use before.
 */
int tquic_cid_rotate(struct tquic_cids *cs, u8 path, u64 active, u64 prior_to)
{
	struct tquic_cid_entry *now = tquic_cid_of_path(cs, path);
	struct tquic_cid_entry *next = find_seq(cs->remote, active);
	u64 first, last;

	seq_range(cs->remote, &first, &last);
	if ((active && (!now || !next || next->path != TQUIC_CID_SPARE || active < now->seq ||
			active < prior_to)) ||
	    (prior_to && (prior_to <= first || prior_to > last)))
		return -EINVAL;
	if (hweight32(cs->retiring) + TQUIC_CID_USED_MAX > TQUIC_CID_RETIRE_MAX)
		return -EAGAIN;
	if (active) {
		retire_remote(cs, now);
		next->path = path;
		cs->starved &= ~(1U << path);
	}
	return retire_below(cs, prior_to, path);
}

/*
 * tquic_cid_info - the lowest number that is in use of the peer's IDs, if @info says dest, else of
 * ours, and the one that @path sends with; which of ours the peer sends to is not looked at
 */
void tquic_cid_info(struct tquic_cids *cs, u8 path, struct quic_connection_id_info *info)
{
	struct tquic_cid_entry *active = tquic_cid_of_path(cs, path);
	u64 first, last;

	seq_range(info->dest ? cs->remote : cs->local, &first, &last);
	info->prior_to = first;
	info->active = info->dest && active ? active->seq : first;
}
