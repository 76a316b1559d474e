/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kho

#if !defined(_TRACE_KHO_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_KHO_H

#include <linux/tracepoint.h>

struct kho_node;

/* Numbers are those of kernel/kho/fsm/table.h. */
#define show_kho_state(state)						\
	__print_symbolic(state,						\
		{ 0, "idle" }, { 1, "preparing" }, { 2, "prepared" },	\
		{ 3, "saving" }, { 4, "saved" }, { 5, "aborting" },	\
		{ 6, "restoring" }, { 7, "restored" })

#define show_kho_op(op)							\
	__print_symbolic(op,						\
		{ 1, "prepare" }, { 2, "save" }, { 3, "abort" },	\
		{ 4, "restore" }, { 5, "rollback" }, { 6, "finish" },	\
		{ 7, "discard" })

/* Of a client, or, without a node, of the whole. */
TRACE_EVENT(kho_state,

	TP_PROTO(struct kho_node *node, const char *name, int from, int to),

	TP_ARGS(node, name, from, to),

	TP_STRUCT__entry(
		__string(name, name)
		__field(int, from)
		__field(int, to)
	),

	TP_fast_assign(
		__assign_str(name);
		__entry->from = from;
		__entry->to = to;
	),

	TP_printk("%s: %s -> %s", __get_str(name),
		  show_kho_state(__entry->from), show_kho_state(__entry->to))
);

TRACE_EVENT(kho_callback_start,

	TP_PROTO(struct kho_node *node, const char *name, int op),

	TP_ARGS(node, name, op),

	TP_STRUCT__entry(
		__string(name, name)
		__field(int, op)
	),

	TP_fast_assign(
		__assign_str(name);
		__entry->op = op;
	),

	TP_printk("%s: %s", __get_str(name), show_kho_op(__entry->op))
);

TRACE_EVENT(kho_callback_end,

	TP_PROTO(struct kho_node *node, const char *name, int op, int ret),

	TP_ARGS(node, name, op, ret),

	TP_STRUCT__entry(
		__string(name, name)
		__field(int, op)
		__field(int, ret)
	),

	TP_fast_assign(
		__assign_str(name);
		__entry->op = op;
		__entry->ret = ret;
	),

	TP_printk("%s: %s = %d", __get_str(name), show_kho_op(__entry->op),
		  __entry->ret)
);

#endif /* _TRACE_KHO_H */

#include <trace/define_trace.h>
