/* SPDX-License-Identifier: GPL-2.0 */
/* quic:tquic_drop, the tracepoint of whatever is dropped: the counter that goes up, and bytes. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM quic

#if !defined(_TQUIC_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TQUIC_TRACE_H

#include <linux/tracepoint.h>
#include "mib.h"

#define TQUIC_DROP_ENUM(name)	TRACE_DEFINE_ENUM(TQUIC_MIB_##name);
#define TQUIC_DROP_NAME(name)	{ TQUIC_MIB_##name, #name },

TQUIC_MIB_DROPS(TQUIC_DROP_ENUM)

TRACE_EVENT(tquic_drop,
	    TP_PROTO(u32 reason, u32 len),
	    TP_ARGS(reason, len),
	    TP_STRUCT__entry(__field(u32, reason)
			     __field(u32, len)),
	    TP_fast_assign(__entry->reason = reason;
			   __entry->len = len;),
	    TP_printk("reason=%s len=%u",
		      __print_symbolic(__entry->reason,
				       TQUIC_MIB_DROPS(TQUIC_DROP_NAME) { TQUIC_MIB_NUM, "?" }),
		      __entry->len)
);

/* Count and trace: something of @len bytes is dropped, @name says why */
#define tquic_drop(mib, name, len) do {				\
	tquic_mib_inc(mib, name);				\
	trace_tquic_drop(TQUIC_MIB_##name, len);		\
} while (0)

#define tquic_drop_skb(mib, name, skb) do {			\
	struct sk_buff *_skb = (skb);				\
								\
	tquic_drop(mib, name, _skb->len);			\
	kfree_skb(_skb);					\
} while (0)

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
