/* SPDX-License-Identifier: GPL-2.0-only */
/* As those of RV's other monitors, with the client that it is about. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM rv

#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE kho_monitor

#if !defined(_TRACE_KHO_MONITOR_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_KHO_MONITOR_H

#include <linux/tracepoint.h>

TRACE_EVENT(event_kho,

	TP_PROTO(const char *client, const char *state, const char *event,
		 const char *next_state),

	TP_ARGS(client, state, event, next_state),

	TP_STRUCT__entry(
		__string(client, client)
		__string(state, state)
		__string(event, event)
		__string(next_state, next_state)
	),

	TP_fast_assign(
		__assign_str(client);
		__assign_str(state);
		__assign_str(event);
		__assign_str(next_state);
	),

	TP_printk("%s: %s x %s -> %s", __get_str(client), __get_str(state),
		  __get_str(event), __get_str(next_state))
);

TRACE_EVENT(error_kho,

	TP_PROTO(const char *client, const char *state, const char *event),

	TP_ARGS(client, state, event),

	TP_STRUCT__entry(
		__string(client, client)
		__string(state, state)
		__string(event, event)
	),

	TP_fast_assign(
		__assign_str(client);
		__assign_str(state);
		__assign_str(event);
	),

	TP_printk("%s: event %s not expected in the state %s",
		  __get_str(client), __get_str(event), __get_str(state))
);

#endif /* _TRACE_KHO_MONITOR_H */

#include <trace/define_trace.h>
