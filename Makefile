# SPDX-License-Identifier: GPL-2.0-only
# Every entry point of the project; "make help" lists them.
#
# ARCH=name     the guest's architecture: x86_64 (default) or arm64
# TREE=folder   where the kernel tree is made (default build/linux)
# KSRC=folder   a base kernel of your own instead of Debian's linux-source-6.12
# T="a b"       the selftests to run, by name (default: all of them)
# CASES="a b"   the benchmark's cases (default: all of them)
# FROM= TO=     marks for make bench-profile (default: start_kernel to init)
# SECONDS=N     how long to fuzz (default 3600)
# HOPS=N        the updates of make long (default 200)
# SEED=N        what is random in make long follows from it

SHELL := /bin/bash
ARCH ?= x86_64
TREE ?= build/linux
KSRC ?=
T ?=
CASES ?=
FROM ?= enter start_kernel
TO ?= enter kernel_execve
SECONDS ?= 3600
HOPS ?= 200
SEED ?=

B := $(CURDIR)/build
MAINLINE := build/mainline
SELFTESTS := tools/testing/selftests/kho
CONFIG := $(SELFTESTS)/config
BASE_CONFIG := $(CONFIG).common $(CONFIG).$(ARCH)
KERNEL = scripts/kho/kernel.py --arch $(ARCH) --tree $(TREE) \
	--output $(B)/$(G)$(1) $(BASE_CONFIG) $(2)
INITRAMFS = $(SELFTESTS)/initramfs.py --arch $(ARCH) $(ROOT:%=--root %) \
	--add usr/sbin/khoctl $(B)/tools/$(G)/khoctl \
	--add usr/bin/frames $(B)/tools/$(G)/frames \
	--add lib/kho/xdp_pass.o $(B)/tools/$(G)/xdp_pass.o \
	--kernel $(B)/$(G)$(1)/$(IMAGE) $(2) $(B)/$(G)$(1)/initramfs.cpio.gz
BENCH = $(SELFTESTS)/bench/bench.py --kernel $(B)/x86-bench --tree $(TREE)
FUZZ = tools/kho/fuzz/run.py $(B)/tools/fuzz-kho $(B)/fuzz
TOOLS = $(MAKE) -s -f tools/kho/Makefile TREE=$(abspath $(TREE)) OUT=$(B)/tools
CARRY = --module $(SELFTESTS)/carry
MODULES = $(CARRY) --module samples/kho
MODULES_KO = $(patsubst %,--module $(B)/$(G)$(1)/%.ko, \
	carry/kho_carry carry/kho_churn carry/kho_preserve_at \
	carry/kho_scribble kho/kho_sample)
# The mainline kernel's initramfs holds both kernels, with the module for each.
BOTH = --module $(B)/$(G)-mainline/carry/kho_carry.ko \
	--add boot/ours $(B)/$(G)/$(IMAGE) \
	--add lib/modules/ours/kho_carry.ko $(B)/$(G)/carry/kho_carry.ko
NETDEVSIM_KO = --module $(B)/$(G)$(1)/drivers/net/netdevsim/netdevsim.ko

# G: the guest's kernels are in build/G, build/G-debug, build/G-nokho.
ifeq ($(ARCH),arm64)
G := arm64
IMAGE := arch/arm64/boot/Image
ROOT := $(B)/arm64-root
CROSS := aarch64-linux-gnu-
ARCH_PACKAGES := gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-system-arm
else ifeq ($(ARCH),x86_64)
G := x86
IMAGE := arch/x86/boot/bzImage
ARCH_PACKAGES := qemu-system-x86
else
$(error ARCH=$(ARCH): neither x86_64 nor arm64)
endif

PACKAGES := bc binutils bison busybox-static clang \
	device-tree-compiler ethtool flex gcc iproute2 kexec-tools kmod \
	libc6-dev libclang-rt-dev libelf-dev libssl-dev linux-source-6.12 \
	lz4 make patch perl python3 xz-utils $(ARCH_PACKAGES)
LINT_PACKAGES := $(PACKAGES) sparse

# Steps that belong together run one after another; each uses all CPUs itself.
.NOTPARALLEL:
.PHONY: help deps lint-deps tree kernel kernels root programs initramfs \
	initramfses run bench-kernel bench bench-nics bench-profile bench-parallel \
	check kunit selftest mainline-tree mainline-kernel interop long faults \
	sanitize race khodump fuzz fuzz-target lint check-series docs-check clean

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

kernel: tree ## build the guest kernel
	@$(call KERNEL,,$(MODULES))

root: deps
	@$(ROOT:%=$(SELFTESTS)/guest_root.py --arch $(ARCH) %)

programs: deps ## build khoctl and what tests need, for the guest
	@$(TOOLS) OUT=$(B)/tools/$(G) CROSS_COMPILE=$(CROSS) khoctl frames \
		xdp_pass

initramfs: kernel root programs ## pack the guest's programs and the next kernel
	@$(call INITRAMFS,,$(call MODULES_KO))

kernels: kernel
	@$(call KERNEL,-debug,$(CONFIG).debug $(MODULES))
	@$(call KERNEL,-nokho,--base $(B)/$(G) $(CONFIG).nokho)

initramfses: initramfs kernels
	@$(call INITRAMFS,-debug,$(call NETDEVSIM_KO,-debug) \
		$(call MODULES_KO,-debug))
	@$(call INITRAMFS,-nokho)

run: initramfs ## perform a live update in QEMU and tell its story
	@$(SELFTESTS)/live_update.py --arch $(ARCH) $(B)

check: initramfses khodump fuzz-target ## run all tests: KUnit, QEMU, fuzzing
	@scripts/kho/check.py \
		"tools/testing/kunit/kunit.py run kho --raw_output=kunit" \
		"$(SELFTESTS)/run_tests.py --build $(B)" \
		"$(SELFTESTS)/khodump_test.py" \
		"$(FUZZ) --seconds 60" \
		"$(MAKE) -s --no-print-directory docs-check"

bench-kernel: tree
	@$(call KERNEL,-bench,$(CONFIG).bench)

bench: bench-kernel $(if $(CASES),,bench-nics) ## measure what a handover costs, or CASES="a b" of it
	@$(BENCH) --output $(B)/bench $(CASES)

bench-nics: initramfs ## measure what it costs to hand NICs over
	@$(SELFTESTS)/bench/nics.py --build $(B) --output $(B)/bench

bench-profile: bench-kernel ## where the instructions go FROM one mark TO another
	@$(BENCH) --output $(B)/bench-profile --profile "$(FROM)" "$(TO)" \
		$(or $(CASES),1G)

kunit: tree ## run the KUnit tests under User Mode Linux
	@tools/testing/kunit/kunit.py run kho

selftest: initramfses khodump ## run the updates in QEMU, all of them or T="names"
	@scripts/kho/check.py "$(SELFTESTS)/run_tests.py --arch $(ARCH) --build $(B) $(T)"

mainline-tree: deps ## fetch a mainline kernel, linux-source-7.2, from Debian
	@scripts/kho/mainline.py $(MAINLINE)

mainline-kernel: kernel root programs mainline-tree
	@scripts/kho/kernel.py --arch $(ARCH) --tree $(MAINLINE) \
		--output $(B)/$(G)-mainline $(CONFIG).mainline $(CARRY)
	@$(call INITRAMFS,-mainline,$(BOTH))

interop: mainline-kernel ## exchange handovers with the mainline kernel, in QEMU
	@scripts/kho/check.py \
		"scripts/kho/names.py $(MAINLINE)" \
		"$(SELFTESTS)/run_tests.py --suite interop --build $(B) $(T)"

sanitize: tree root programs khodump ## the updates on a kernel that looks for bad memory accesses
	@$(call KERNEL,-sanitize,$(CONFIG).sanitize $(MODULES))
	@$(call INITRAMFS,-sanitize,$(call MODULES_KO,-sanitize))
	@scripts/kho/check.py "$(SELFTESTS)/run_tests.py --kernel sanitize \
		--arch $(ARCH) --build $(B) $(T)"

race: tree root programs ## what runs at once, on a kernel that looks for data races
	@$(call KERNEL,-race,$(CONFIG).debug $(CONFIG).race $(MODULES))
	@$(call INITRAMFS,-race,$(call NETDEVSIM_KO,-race) \
		$(call MODULES_KO,-race))
	@scripts/kho/check.py "$(SELFTESTS)/run_tests.py --kernel race \
		--arch $(ARCH) --build $(B) $(or $(T),everything_at_once)"

bench-parallel: initramfs ## measure the blackout of 1, 8 and 64 clients
	@scripts/kho/check.py "$(SELFTESTS)/run_tests.py --suite parallel \
		--jobs 1 --arch $(ARCH) --build $(B)"

faults: initramfses ## let an update fail at each of its points
	@scripts/kho/check.py "$(SELFTESTS)/run_tests.py --suite faults \
		--arch $(ARCH) --build $(B)"

long: initramfs ## HOPS updates in a row, with other memory each time
	@scripts/kho/check.py "$(SELFTESTS)/long_test.py --build $(B) \
		--hops $(HOPS) $(SEED:%=--seed %)"

khodump: tree ## build the program that prints a handover in a memory dump
	@$(TOOLS) khodump

fuzz-target: tree
	@$(TOOLS) fuzz

fuzz: fuzz-target ## fuzz what reads a handover, for SECONDS
	@scripts/kho/check.py "$(FUZZ) --seconds $(SECONDS)"

lint: lint-deps tree ## checkpatch, sparse, W=1, kernel-doc: no finding is left
	@scripts/kho/lint.py --arch $(ARCH) --tree $(TREE) --output $(B)/$(G)-lint \
		$(BASE_CONFIG) $(CONFIG).lint

check-series: deps ## does the series apply to every 6.12.y that apt offers?
	@scripts/kho/tree.py check-series

docs-check: ## does the documentation agree with the code?
	@scripts/kho/docs.py --check

clean: ## remove everything that was built
	@[ ! -e $(B)/linux/.git ] || \
		{ echo "clean: build/linux is a development tree"; exit 1; }
	rm -rf $(B)
