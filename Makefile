# SPDX-License-Identifier: GPL-2.0-only
# Every entry point of the project; "make help" lists them.
#
# TREE=folder   where the kernel tree is made (default build/linux)
# KSRC=folder   a base kernel of your own instead of Debian's linux-source-6.12
# T="a b"       the selftests to run, by name (default: all of them)
# SECONDS=N     how long to fuzz (default 3600)

SHELL := /bin/bash
TREE ?= build/linux
KSRC ?=
T ?=
SECONDS ?= 3600

B := $(CURDIR)/build
SELFTESTS := tools/testing/selftests/kho
BASE_CONFIG := $(SELFTESTS)/config.x86_64
KERNEL = scripts/kho/kernel.py --tree $(TREE) --output $(B)/$(1) $(2)
INITRAMFS = $(SELFTESTS)/initramfs.py \
	--kernel $(B)/$(1)/arch/x86/boot/bzImage $(2) $(B)/$(1)/initramfs.cpio.gz
FUZZ = tools/kho/fuzz/run.py $(B)/tools/fuzz-kho $(B)/fuzz
TOOLS = $(MAKE) -s -f tools/kho/Makefile TREE=$(abspath $(TREE)) OUT=$(B)/tools
NETDEVSIM_KO = --module $(B)/x86-debug/drivers/net/netdevsim/netdevsim.ko

PACKAGES := bc binutils bison busybox-static ccache clang \
	device-tree-compiler ethtool flex gcc iproute2 kexec-tools kmod \
	libc6-dev libclang-rt-dev libelf-dev linux-source-6.12 lz4 make \
	patch perl python3 qemu-system-x86 xz-utils
LINT_PACKAGES := $(PACKAGES) sparse

# Steps that belong together run one after another; each uses all CPUs itself.
.NOTPARALLEL:
.PHONY: help deps lint-deps tree kernel kernels initramfs initramfses run \
	check kunit selftest khodump fuzz fuzz-target lint check-series docs-check \
	clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | \
		expand -t 24
	@sed -n 's/^# \([A-Z]*=.*\)/  \1/p' Makefile

# Asks apt only when something is missing.
define install
	@missing=$$(for p in $(1); do \
		[ "$$(dpkg-query -Wf '$${db:Status-Status}' $$p 2>/dev/null)" = \
			installed ] || echo $$p; done); \
	[ -z "$$missing" ] && exit; \
	echo "deps: installing" $$missing; mkdir -p $(B); \
	export DEBIAN_FRONTEND=noninteractive; \
	{ apt-get update && apt-get install -y --no-install-recommends \
		$$missing; } > $(B)/deps.log 2>&1 || \
	{ tail -n 20 $(B)/deps.log; \
	  echo "deps: installing failed, see build/deps.log"; exit 1; }
endef

deps: ## install the Debian packages that are needed and missing
	$(call install,$(PACKAGES))

lint-deps:
	$(call install,$(LINT_PACKAGES))

tree: deps ## make the kernel tree: base kernel, series, this repository
	@scripts/kho/tree.py prepare $(TREE) $(KSRC:%=--ksrc %)

kernel: tree ## build the x86-64 guest kernel
	@$(call KERNEL,x86,$(BASE_CONFIG))

initramfs: kernel ## pack the guest's programs and the next kernel
	@$(call INITRAMFS,x86)

kernels: kernel
	@$(call KERNEL,x86-debug,$(BASE_CONFIG) $(SELFTESTS)/config.debug)
	@$(call KERNEL,x86-nokho,$(BASE_CONFIG) $(SELFTESTS)/config.nokho)

initramfses: initramfs kernels
	@$(call INITRAMFS,x86-debug,$(NETDEVSIM_KO))
	@$(call INITRAMFS,x86-nokho)

run: initramfs ## perform a live update in QEMU and tell its story
	@$(SELFTESTS)/live_update.py $(B)

check: initramfses khodump fuzz-target ## run all tests: KUnit, QEMU, fuzzing
	@scripts/kho/check.py \
		"tools/testing/kunit/kunit.py run kho --raw_output=kunit" \
		"$(SELFTESTS)/run_tests.py --build $(B)" \
		"$(SELFTESTS)/khodump_test.py" \
		"$(FUZZ) --seconds 60" \
		"$(MAKE) -s --no-print-directory docs-check"

kunit: tree ## run the KUnit tests under User Mode Linux
	@tools/testing/kunit/kunit.py run kho

selftest: initramfses khodump ## run the updates in QEMU, all of them or T="names"
	@scripts/kho/check.py "$(SELFTESTS)/run_tests.py --build $(B) $(T)"

khodump: tree ## build the program that prints a handover in a memory dump
	@$(TOOLS) khodump

fuzz-target: tree
	@$(TOOLS) fuzz

fuzz: fuzz-target ## fuzz what reads a handover, for SECONDS
	@scripts/kho/check.py "$(FUZZ) --seconds $(SECONDS)"

lint: lint-deps tree ## checkpatch, sparse, W=1, kernel-doc: no finding is left
	@scripts/kho/lint.py --tree $(TREE) --output $(B)/lint \
		$(BASE_CONFIG) $(SELFTESTS)/config.lint

check-series: deps ## does the series apply to every 6.12.y that apt offers?
	@scripts/kho/tree.py check-series

docs-check: ## does the documentation agree with the code?
	@scripts/kho/docs.py --check

clean: ## remove everything that was built
	@[ ! -e $(B)/linux/.git ] || \
		{ echo "clean: build/linux is a development tree"; exit 1; }
	rm -rf $(B)
