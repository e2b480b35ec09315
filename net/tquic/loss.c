// SPDX-License-Identifier: GPL-2.0
/*
 * Loss recovery, RFC 9002 appendix A on the log of a packet number space.  Each call is one pass
 * over live packets that gathers, path by path, what congestion control is then told once.
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/time64.h>

#include "loss.h"

#define MAX_ACK_ONLY	64	/* packets not in flight that a space remembers */
#define RANGES_AT_ONCE	16	/* ACK ranges compared with the log in one walk */

/* What one call does to one path */
struct flight {
	struct tquic_recovery *rec;
	u64 known_us;		/* newest_acked_us before this call */
	/* acknowledged */
	u64 newest_us;		/* when the newest packet left, 0: none */
	u32 acked_bytes;	/* that were in flight */
	u32 max_bytes;		/* largest packet */
	u32 delivered;		/* of the newest packet: its snapshots */
	u32 delivered_us;
	bool app_limited;
	bool spurious;
	bool gap;		/* the packet seen last was acknowledged */
	/* lost */
	bool persistent;
	u32 lost_bytes;
	u32 lost_new;		/* packets that a new congestion event would have */
	u32 lost_old;		/* packets of the event at hand */
	u64 lost_us;		/* when the newest left, 0: none in flight */
	u64 run_us;		/* when the run of losses at hand began, 0: no run */
	u32 delay_us;		/* time threshold, 0: not computed yet */
	u32 keep_us;		/* how long a lost packet is remembered */
};

struct pass {
	struct tquic_loss_ctx *ctx;
	struct tquic_space_loss *sp;
	u64 now_us;
	u32 touched;		/* paths whose flight is in use */
	u32 marked;		/* packets newly acknowledged that were ECT(0) */
	struct tquic_ack_result *res;
	struct flight flight[TQUIC_LOSS_MAX_PATHS];
};

struct pn_range {
	u64 smallest;
	u64 largest;
};

/*
 * tquic_loss_recovery_init - a fresh path; @cc NULL: the default, @initial_rtt_us 0:
 * TQUIC_INITIAL_RTT_US, @mss: bytes of a full datagram.
 */
void tquic_loss_recovery_init(struct tquic_recovery *rec, const struct tquic_cc_ops *cc, u32 mss,
			      u32 initial_rtt_us)
{
	memset(rec, 0, sizeof(*rec));
	rec->rtt.smoothed_us = initial_rtt_us ? initial_rtt_us : TQUIC_INITIAL_RTT_US;
	rec->rtt.var_us = rec->rtt.smoothed_us / 2;
	rec->reorder_pkts = TQUIC_PACKET_THRESHOLD;
	rec->reorder_shift = TQUIC_REORDER_SHIFT;
	tquic_cc_init(&rec->cc, cc, mss);
	tquic_pacer_init(&rec->pacer, mss);
}

/** tquic_loss_space_init - a space in which nothing was sent */
void tquic_loss_space_init(struct tquic_space_loss *sp)
{
	memset(sp, 0, sizeof(*sp));
	tquic_sent_init(&sp->sent);
	sp->largest_acked = TQUIC_PN_NONE;
	sp->skipped_pn = TQUIC_PN_NONE;
	sp->loss_us = TQUIC_TIME_NEVER;
}

static u32 pto_base(const struct tquic_rtt *rtt)
{
	return rtt->smoothed_us + max_t(u32, 4 * rtt->var_us, TQUIC_GRANULARITY_US);
}

/*
 * tquic_loss_pto_us - the probe timeout of a path, RFC 9002 section 6.2.1: microseconds from the
 * last ack-eliciting packet; the backoff by pto_count is in it.  Until the handshake is confirmed
 * the RTT says little: a kernel acknowledges an Initial long before TLS in user space has an answer
 * to it, or the keys for the next packet.
 */
u64 tquic_loss_pto_us(const struct tquic_recovery *rec, bool app_space, bool confirmed)
{
	u64 pto = pto_base(&rec->rtt);

	if (!confirmed)
		pto = max_t(u64, pto, TQUIC_HANDSHAKE_PTO_US);
	else if (app_space)
		pto += rec->max_ack_delay_us;
	return pto << min_t(u32, rec->pto_count, TQUIC_MAX_PTO_SHIFT);
}

/*
 * tquic_loss_rtt_update - one RTT sample, RFC 9002 section 5.3: @latest_us from sending the largest
 * acknowledged packet to now; of that the peer waited @ack_delay_us, max_ack_delay at most.
 */
void tquic_loss_rtt_update(struct tquic_rtt *rtt, u64 latest_us, u64 ack_delay_us, u64 now_us)
{
	u32 latest = clamp_t(u64, latest_us, 1, U32_MAX / 8);
	u32 adjusted = latest;
	u32 diff;

	rtt->latest_us = latest;
	if (!rtt->first_sample_us) {
		rtt->first_sample_us = now_us;
		rtt->min_us = latest;
		rtt->smoothed_us = latest;
		rtt->var_us = latest / 2;
		return;
	}
	rtt->min_us = min(rtt->min_us, latest);
	if (latest >= rtt->min_us + ack_delay_us)
		adjusted = latest - ack_delay_us;
	diff = adjusted > rtt->smoothed_us ? adjusted - rtt->smoothed_us :
					     rtt->smoothed_us - adjusted;
	rtt->var_us = (3ULL * rtt->var_us + diff) / 4;
	rtt->smoothed_us = (7ULL * rtt->smoothed_us + adjusted) / 8;
}

/* The next packet on its own, whatever run it is in */
static struct tquic_pkt *next_single(struct tquic_sent_walk *w)
{
	struct tquic_pkt *pkt = tquic_sent_walk_next(w);

	if (pkt && pkt->more)
		tquic_sent_cut(w, pkt, 1);
	return pkt;
}

/* a lost packet stops counting; its record goes */
static void forget(struct tquic_loss_ctx *ctx, struct tquic_space_loss *sp,
		   struct tquic_sent_block *b, struct tquic_pkt *pkt)
{
	struct tquic_frame *f = tquic_pkt_frames(pkt);

	for (u32 n = pkt->nframes; n; n--)
		ctx->ops->drop(ctx->arg, f++);
	if (pkt->flags & TQUIC_PKT_LOST)
		sp->nr_lost--;
	else if (pkt->flags & TQUIC_PKT_ELICITING)
		sp->eliciting--;
	tquic_sent_settle(&sp->sent, b, pkt);
}

/*
 * tquic_loss_space_free - the space's keys are gone, or the connection is: every frame of the log
 * is dropped, RFC 9002 appendix B.9, and paths still there lose the space's bytes from their
 * flight.  The space is empty afterwards, as after tquic_loss_space_init().
 */
void tquic_loss_space_free(struct tquic_loss_ctx *ctx, struct tquic_space_loss *sp)
{
	struct tquic_recovery *rec;
	struct tquic_sent_walk w;
	struct tquic_pkt *pkt;

	tquic_sent_walk_from(&w, &sp->sent, 0);
	while ((pkt = next_single(&w))) {
		rec = ctx->path[pkt->path];
		if (rec && pkt->flags & TQUIC_PKT_INFLIGHT && !(pkt->flags & TQUIC_PKT_LOST))
			tquic_cc_discard(&rec->cc, pkt->bytes);
		forget(ctx, sp, w.block, pkt);
	}
	tquic_sent_free(&sp->sent);
	tquic_loss_space_init(sp);
}

/** tquic_loss_room_ack_only - one more packet that only acknowledges may be logged */
bool tquic_loss_room_ack_only(struct tquic_loss_ctx *ctx, struct tquic_space_loss *sp)
{
	struct tquic_sent_walk w;
	struct tquic_pkt *pkt;

	if (sp->sent.nr_live < sp->eliciting + sp->nr_lost + MAX_ACK_ONLY)
		return true;
	tquic_sent_walk_from(&w, &sp->sent, 0);
	pkt = tquic_sent_walk_next(&w);
	if (!pkt || pkt->flags & (TQUIC_PKT_INFLIGHT | TQUIC_PKT_LOST))
		return false;
	forget(ctx, sp, w.block, pkt);
	return true;
}

/* RFC 9002 section 6.1.2, with the RTT as it is after the ACK at hand */
static void set_thresholds(struct flight *fl)
{
	const struct tquic_recovery *rec = fl->rec;
	u32 rtt = max(rec->rtt.smoothed_us, rec->rtt.latest_us);

	fl->delay_us = max_t(u32, rtt + (rtt >> rec->reorder_shift), TQUIC_GRANULARITY_US);
	fl->keep_us = pto_base(&rec->rtt) + rec->max_ack_delay_us;
}

/* the account of a path in this pass; NULL: the path is gone */
static noinline struct flight *flight_begin(struct pass *p, u32 path)
{
	struct tquic_recovery *rec = p->ctx->path[path];
	struct flight *fl = &p->flight[path];

	if (!rec)
		return NULL;
	p->touched |= BIT(path);
	memset(fl, 0, sizeof(*fl));
	fl->rec = rec;
	fl->known_us = rec->newest_acked_us;
	return fl;
}

static inline struct flight *flight_of(struct pass *p, u32 path)
{
	return likely(p->touched & BIT(path)) ? &p->flight[path] : flight_begin(p, path);
}

/* the packet counts for the event at hand: it left after the one before had begun */
static bool of_last_event(const struct tquic_cc *cc, const struct tquic_pkt *pkt)
{
	return pkt->sent_us > cc->prior_recovery_us && pkt->sent_us <= cc->recovery_us;
}

/* acknowledged after all, RFC 9438 section 4.9.2 */
static void spurious_pkt(struct pass *p, struct flight *fl, const struct tquic_pkt *pkt)
{
	struct tquic_recovery *rec;

	p->sp->nr_lost--;
	if (!fl || pkt->flags & TQUIC_PKT_MTU_PROBE)
		return;
	rec = fl->rec;
	rec->spurious_pkts++;
	rec->delivered += pkt->bytes;
	p->res->spurious_pkts++;
	fl->spurious = true;
	if (of_last_event(&rec->cc, pkt) && rec->event_lost && !--rec->event_lost)
		tquic_cc_on_spurious(&rec->cc);
}

static void acked_pkt(struct pass *p, struct flight *fl, const struct tquic_pkt *pkt)
{
	if (pkt->flags & TQUIC_PKT_ELICITING) {
		p->sp->eliciting -= 1 + pkt->more;
		p->res->eliciting = true;
	}
	if (!fl)
		return;
	if (pkt->flags & TQUIC_PKT_INFLIGHT)
		fl->acked_bytes += (1 + pkt->more) * pkt->bytes;
	fl->max_bytes = max_t(u32, fl->max_bytes, pkt->bytes);
	if (pkt->sent_us >= fl->newest_us) {
		fl->newest_us = pkt->sent_us;
		fl->delivered = pkt->delivered;
		fl->delivered_us = pkt->delivered_us;
		fl->app_limited = pkt->flags & TQUIC_PKT_APP_LIMITED;
	}
}

static void settle_acked(struct pass *p, struct tquic_sent_block *b, struct tquic_pkt *pkt)
{
	const struct tquic_loss_ops *ops = p->ctx->ops;
	struct tquic_frame *f = tquic_pkt_frames(pkt);
	struct flight *fl = flight_of(p, pkt->path);
	u32 n, run = 1 + pkt->more;

	p->res->acked_pkts += run;
	if (pkt->flags & TQUIC_PKT_LOST)
		spurious_pkt(p, fl, pkt);
	else
		acked_pkt(p, fl, pkt);
	if (pkt->flags & TQUIC_PKT_ECT)
		p->marked += run;
	if (fl)
		fl->gap = true;
	if (pkt->flags & TQUIC_PKT_MTU_PROBE)
		ops->sized(p->ctx->arg, pkt->path, pkt->bytes, true, true);
	for (n = pkt->nframes; n; n--)
		ops->acked(p->ctx->arg, f++, run);
	tquic_sent_settle(&p->sp->sent, b, pkt);
}

/* What is known of the packet that the ACK names as its largest */
struct largest {
	u64 pn;
	u64 sent_us;	/* 0: not newly acknowledged */
	u8 path;
};

/* Cut a run where the fates of its packets part: all of it is in the range, or below */
static void fit_run(struct tquic_sent_walk *w, struct tquic_pkt *pkt, const struct pn_range *r)
{
	u64 end = (pkt->pn < r->smallest ? r->smallest : r->largest + 1) - pkt->pn;

	if (end <= pkt->more)
		tquic_sent_cut(w, pkt, end);
}

/* one walk: r is ascending */
static void ack_ranges(struct pass *p, const struct pn_range *r, u32 n, struct largest *largest)
{
	const struct pn_range *end = r + n;
	struct tquic_sent_walk w;
	struct tquic_pkt *pkt;
	struct flight *fl;

	tquic_sent_walk_from(&w, &p->sp->sent, r->smallest);
	while ((pkt = tquic_sent_walk_next(&w))) {
		while (pkt->pn > r->largest)
			if (++r == end)
				return;
		if (pkt->more)
			fit_run(&w, pkt, r);
		if (pkt->pn < r->smallest) {
			fl = flight_of(p, pkt->path);
			if (fl && fl->gap) {
				pkt->flags |= TQUIC_PKT_AFTER_ACKED;
				fl->gap = false;
			}
			continue;
		}
		if (largest->pn - pkt->pn <= pkt->more && !(pkt->flags & TQUIC_PKT_LOST)) {
			largest->sent_us = pkt->sent_us;
			largest->path = pkt->path;
		}
		settle_acked(p, w.block, pkt);
	}
}

/* the frame's ranges come highest first; walk over them in batches turned around */
static int ack_frame(struct pass *p, struct tquic_rx_frame *ack, struct largest *largest)
{
	struct pn_range r[RANGES_AT_ONCE];
	u64 skipped = p->sp->skipped_pn;
	int ret, i;

	do {
		i = RANGES_AT_ONCE;
		do {
			i--;
			ret = tquic_frame_ack_next(ack, &r[i].smallest, &r[i].largest);
			if (ret < 0)
				return ret;
			if (!ret) {
				i++;
				break;
			}
			if (skipped >= r[i].smallest && skipped <= r[i].largest)
				return TQUIC_WERR(PROTOCOL_VIOLATION);
		} while (i);
		if (i < RANGES_AT_ONCE)
			ack_ranges(p, &r[i], RANGES_AT_ONCE - i, largest);
	} while (ret);
	return 0;
}

static void sample_rtt(struct pass *p, const struct largest *largest, u64 delay_us)
{
	struct tquic_recovery *rec = p->ctx->path[largest->path];

	if (!largest->sent_us || !p->res->eliciting || !rec)
		return;
	if (p->ctx->confirmed)
		delay_us = min_t(u64, delay_us, rec->max_ack_delay_us);
	tquic_loss_rtt_update(&rec->rtt, p->now_us - largest->sent_us, delay_us, p->now_us);
}

/* RFC 9002 section 7.6.2: the losses since the last acknowledged packet span too long */
static void extend_run(struct flight *fl, const struct tquic_pkt *pkt)
{
	const struct tquic_recovery *rec = fl->rec;

	if (!(pkt->flags & TQUIC_PKT_ELICITING) || !rec->rtt.first_sample_us ||
	    pkt->sent_us <= max(fl->known_us, rec->rtt.first_sample_us))
		return;
	if (!fl->run_us)
		fl->run_us = pkt->sent_us;
	else if (pkt->sent_us - fl->run_us > (u64)TQUIC_PERSISTENT * fl->keep_us)
		fl->persistent = true;
}

static void declare_lost(struct pass *p, struct flight *fl, struct tquic_pkt *pkt)
{
	const struct tquic_loss_ops *ops = p->ctx->ops;
	struct tquic_frame *f = tquic_pkt_frames(pkt);
	struct tquic_recovery *rec = fl->rec;

	pkt->flags |= TQUIC_PKT_LOST;
	pkt->delivered_us = p->now_us;
	p->sp->nr_lost++;
	if (pkt->flags & TQUIC_PKT_ELICITING)
		p->sp->eliciting--;
	for (u32 n = pkt->nframes; n; n--)
		ops->lost(p->ctx->arg, f++);
	if (pkt->flags & TQUIC_PKT_MTU_PROBE) {
		tquic_cc_discard(&rec->cc, pkt->bytes);
		ops->sized(p->ctx->arg, pkt->path, pkt->bytes, true, false);
		return;
	}
	if (pkt->flags & TQUIC_PKT_ECT && rec->ecn == TQUIC_ECN_TESTING &&
	    ++rec->ecn_lost == TQUIC_ECN_TESTS) {
		rec->ecn = TQUIC_ECN_FAILED;
		p->res->ecn_failed = true;
	}
	p->res->lost_pkts++;
	rec->lost_pkts++;
	rec->lost_bytes += pkt->bytes;
	fl->lost_bytes += pkt->bytes;
	fl->lost_us = max(fl->lost_us, pkt->sent_us);
	fl->lost_new += pkt->sent_us > rec->cc.recovery_us;
	fl->lost_old += of_last_event(&rec->cc, pkt);
	extend_run(fl, pkt);
	ops->sized(p->ctx->arg, pkt->path, pkt->bytes, false, false);
}

/* a live packet below the largest acknowledged; true when it may be forgotten */
static bool judge(struct pass *p, struct flight *fl, struct tquic_pkt *pkt)
{
	struct tquic_space_loss *sp = p->sp;

	if (!fl->delay_us)
		set_thresholds(fl);
	if (pkt->flags & TQUIC_PKT_AFTER_ACKED)
		fl->run_us = 0;
	if (pkt->flags & TQUIC_PKT_LOST)
		return (u32)p->now_us - pkt->delivered_us > fl->keep_us ||
		       sp->nr_lost > TQUIC_LOSS_MAX_LOST;
	if (pkt->sent_us + fl->delay_us > p->now_us &&
	    sp->largest_acked - pkt->pn < fl->rec->reorder_pkts) {
		if (pkt->flags & TQUIC_PKT_INFLIGHT)
			sp->loss_us = min(sp->loss_us, pkt->sent_us + fl->delay_us);
		return false;
	}
	if (!(pkt->flags & TQUIC_PKT_INFLIGHT))
		return true;
	declare_lost(p, fl, pkt);
	return false;
}

/* a packet of a path that is gone: its content goes elsewhere, there is nobody to blame */
static void abandon(struct tquic_loss_ctx *ctx, struct tquic_space_loss *sp,
		    struct tquic_sent_block *b, struct tquic_pkt *pkt)
{
	struct tquic_frame *f = tquic_pkt_frames(pkt);

	for (u32 n = pkt->flags & TQUIC_PKT_LOST ? 0 : pkt->nframes; n; n--)
		ctx->ops->lost(ctx->arg, f++);
	forget(ctx, sp, b, pkt);
}

/*
 * tquic_loss_path_gone - a path ends: nothing in a space's log is of it afterwards.  It may be gone
 * from @ctx already, and another may get its index next.  What its packets carried is sent again by
 * other paths; their bytes leave no path's flight.
 */
void tquic_loss_path_gone(struct tquic_loss_ctx *ctx, struct tquic_space_loss *sp, u8 path)
{
	struct tquic_sent_walk w;
	struct tquic_pkt *pkt;

	tquic_sent_walk_from(&w, &sp->sent, 0);
	while ((pkt = next_single(&w)))
		if (pkt->path == path)
			abandon(ctx, sp, w.block, pkt);
}

/* RFC 9002 appendix A.10, and what was declared lost long ago is forgotten */
static void detect(struct pass *p)
{
	struct tquic_space_loss *sp = p->sp;
	struct tquic_sent_walk w;
	struct tquic_pkt *pkt;
	struct flight *fl;

	sp->loss_us = TQUIC_TIME_NEVER;
	if (sp->largest_acked == TQUIC_PN_NONE)
		return;
	tquic_sent_walk_from(&w, &sp->sent, 0);
	while ((pkt = tquic_sent_walk_next(&w)) && pkt->pn < sp->largest_acked) {
		if (pkt->more)
			tquic_sent_cut(&w, pkt, 1);
		fl = flight_of(p, pkt->path);
		if (!fl)
			abandon(p->ctx, sp, w.block, pkt);
		else if (judge(p, fl, pkt))
			forget(p->ctx, sp, w.block, pkt);
	}
}

/* one congestion event at most, RFC 9002 appendix B.8 */
static void report_lost(struct flight *fl, u64 now_us)
{
	struct tquic_recovery *rec = fl->rec;

	if (tquic_cc_on_lost(&rec->cc, fl->lost_bytes, fl->lost_us, now_us))
		rec->event_lost = fl->lost_new;
	else
		rec->event_lost += fl->lost_old;
	if (fl->persistent)
		tquic_cc_on_persistent(&rec->cc);
}

/* bytes delivered between the newest packet's departure and its ACK, over that time */
static void sample_rate(struct flight *fl, u64 now_us)
{
	struct tquic_recovery *rec = fl->rec;
	u32 us = (u32)now_us - fl->delivered_us;
	u64 rate;

	if (!us)
		return;
	rate = div_u64((u64)((u32)rec->delivered - fl->delivered) * USEC_PER_SEC, us);
	if (!fl->app_limited || rate > rec->delivery_rate)
		rec->delivery_rate = rate;
}

static void report_acked(struct pass *p, struct flight *fl, u32 path)
{
	struct tquic_recovery *rec = fl->rec;
	bool limited = rec->cc.app_limited;

	rec->newest_acked_us = max(rec->newest_acked_us, fl->newest_us);
	if (!p->ctx->keep_backoff)
		rec->pto_count = 0;
	p->ctx->ops->sized(p->ctx->arg, path, fl->max_bytes, false, true);
	if (!fl->acked_bytes)
		return;
	rec->delivered += fl->acked_bytes;
	rec->delivered_us = p->now_us;
	sample_rate(fl, p->now_us);
	/* what left while the window was full may widen it, whatever happened since */
	rec->cc.app_limited = limited && fl->app_limited;
	tquic_cc_on_ack(&rec->cc, fl->acked_bytes, fl->newest_us, p->now_us);
	rec->cc.app_limited = limited;
}

/* tell each path what the pass found */
static void report(struct pass *p)
{
	struct tquic_recovery *rec;
	struct flight *fl;
	bool paced;
	u32 i;

	for (i = 0; p->touched >> i; i++) {
		if (!(p->touched & BIT(i)))
			continue;
		fl = &p->flight[i];
		rec = fl->rec;
		rec->cc.srtt_us = rec->rtt.smoothed_us;
		rec->cc.latest_rtt_us = rec->rtt.latest_us;
		if (fl->lost_us)
			report_lost(fl, p->now_us);
		if (fl->newest_us)
			report_acked(p, fl, i);
		if (fl->spurious) {	/* the path reorders: be more patient with it */
			rec->reorder_pkts = min_t(u32, 2 * rec->reorder_pkts,
						  TQUIC_REORDER_MAX_PKTS);
			rec->reorder_shift -= !!rec->reorder_shift;
		}
		paced = rec->rtt.min_us >= TQUIC_PACER_MIN_RTT_US;
		tquic_pacer_update(&rec->pacer, rec->cc.cwnd, paced ? rec->rtt.smoothed_us : 0,
				   tquic_cc_in_slow_start(&rec->cc), rec->cc.mss);
	}
}

/* RFC 9000 section 13.4.2.1; the frame's largest packet is newly acknowledged */
static bool ecn_valid(const struct pass *p, const struct tquic_rx_frame *ack)
{
	const u64 *now = ack->ack.ecn, *was = p->sp->ecn;

	if (ack->type != TQUIC_FT_ACK_ECN)
		return !p->marked;
	return now[0] >= was[0] && now[2] >= was[2] && !now[1] &&
	       now[0] - was[0] + now[2] - was[2] >= p->marked && now[0] + now[2] <= p->sp->ecn_sent;
}

/* Is the path fit for ECN, and is it congested? RFC 9002 appendix B.7 */
static void process_ecn(struct pass *p, const struct tquic_rx_frame *ack,
			const struct largest *largest)
{
	struct tquic_recovery *rec = p->ctx->path[largest->path];

	if (!largest->sent_us || largest->pn != p->sp->largest_acked || !rec ||
	    rec->ecn == TQUIC_ECN_FAILED)
		return;
	if (!ecn_valid(p, ack)) {
		rec->ecn = TQUIC_ECN_FAILED;
		p->res->ecn_failed = true;
		return;
	}
	if (ack->type != TQUIC_FT_ACK_ECN)
		return;
	if (p->marked)
		rec->ecn = TQUIC_ECN_CAPABLE;
	p->res->ecn_ce = ack->ack.ecn[2] > p->sp->ecn[2];
	memcpy(p->sp->ecn, ack->ack.ecn, sizeof(p->sp->ecn));
	if (!p->res->ecn_ce)
		return;
	/* counted like a loss that never proves spurious: this event is real */
	if (tquic_cc_on_ce(&rec->cc, largest->sent_us, p->now_us))
		rec->event_lost = 0;
	rec->event_lost++;
}

/* when all that was sent since was acknowledged, no ACK of a lost packet can come */
static void forget_lost(struct pass *p)
{
	struct tquic_sent_walk w;
	struct tquic_pkt *pkt;

	tquic_sent_walk_from(&w, &p->sp->sent, 0);
	while (p->sp->nr_lost && (pkt = tquic_sent_walk_next(&w)))
		if (pkt->flags & TQUIC_PKT_LOST)
			forget(p->ctx, p->sp, w.block, pkt);
}

/*
 * tquic_loss_on_ack - an ACK frame was received, RFC 9002 appendix A.7.  Packet numbers from
 * @next_pn on were never sent; the ranges of @ack are consumed; @delay_us is its ACK Delay, scaled
 * by the peer's exponent, 0 in Initial packets; @res: what it did.  Calls back for each frame
 * acknowledged and each lost, tells congestion control and pacer of each path once, and resets the
 * backoff.  The caller sets its timers anew.  Returns 0, or a wire error when it acknowledges what
 * was never sent or is malformed.
 */
int tquic_loss_on_ack(struct tquic_loss_ctx *ctx, struct tquic_space_loss *sp, u64 next_pn,
		      struct tquic_rx_frame *ack, u64 delay_us, u64 now_us,
		      struct tquic_ack_result *res)
{
	struct largest largest = { .pn = ack->ack.largest };
	struct pass p;
	int ret;

	memset(res, 0, sizeof(*res));
	if (largest.pn >= next_pn)
		return TQUIC_WERR(PROTOCOL_VIOLATION);
	p.ctx = ctx;
	p.sp = sp;
	p.now_us = now_us;
	p.touched = 0;
	p.marked = 0;
	p.res = res;
	ret = ack_frame(&p, ack, &largest);
	if (ret)
		return ret;
	if (sp->largest_acked == TQUIC_PN_NONE || largest.pn > sp->largest_acked)
		sp->largest_acked = largest.pn;
	if (!res->acked_pkts)
		return 0;
	sample_rtt(&p, &largest, delay_us);
	process_ecn(&p, ack, &largest);
	detect(&p);
	report(&p);
	if (sp->nr_lost && !sp->eliciting && res->eliciting && !res->lost_pkts)
		forget_lost(&p);
	return 0;
}

/** tquic_loss_detect - the loss timer, sp->loss_us, fired: it is set anew; returns packets lost */
u32 tquic_loss_detect(struct tquic_loss_ctx *ctx, struct tquic_space_loss *sp, u64 now_us)
{
	struct tquic_ack_result res = {};
	struct pass p;

	p.ctx = ctx;
	p.sp = sp;
	p.now_us = now_us;
	p.touched = 0;
	p.res = &res;
	detect(&p);
	report(&p);
	return res.lost_pkts;
}

/*
 * tquic_loss_requeue_oldest - a PTO: what the oldest @count packets carried is sent again.  Their
 * frames see `lost`, the packets stay in flight: RFC 9002 section 6.2 forbids to declare them lost.
 * Returns how many packets there were; 0: a PING has to do.
 */
u32 tquic_loss_requeue_oldest(struct tquic_loss_ctx *ctx, struct tquic_space_loss *sp, u32 count)
{
	struct tquic_sent_walk w;
	struct tquic_frame *f;
	struct tquic_pkt *pkt;
	u32 n, done = 0;

	tquic_sent_walk_from(&w, &sp->sent, 0);
	while (done < count && (pkt = next_single(&w))) {
		if (!(pkt->flags & TQUIC_PKT_ELICITING) ||
		    pkt->flags & (TQUIC_PKT_LOST | TQUIC_PKT_MTU_PROBE) || !pkt->nframes)
			continue;
		for (n = pkt->nframes, f = tquic_pkt_frames(pkt); n; n--)
			ctx->ops->lost(ctx->arg, f++);
		done++;
	}
	return done;
}
