# SPDX-License-Identifier: GPL-2.0-only
# Part of netdevsim: included by its Makefile.

# Also where the environment says that nothing is to be watched (make race).
KCSAN_SANITIZE := y

netdevsim-objs += $(addprefix ../netdevsim-kho/, \
	client.o device.o extra.o fields.o freeze.o hwstats.o identity.o \
	incoming.o knobs.o lost.o netdev.o pages.o port.o rate.o refuse.o \
	rx.o trap.o)

ifeq ($(CONFIG_NETDEVSIM)$(CONFIG_KHO_KUNIT_TEST),yy)
netdevsim-objs += ../netdevsim-kho/nsim_kho_test.o
endif
