// SPDX-License-Identifier: GPL-2.0-only
/*
 * How fast the clocks are is handed over, too, as a subtree of our own. To find
 * out again takes a tenth of a second of waiting.
 */
#define pr_fmt(fmt) "kho: " fmt

#include <linux/init.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kstrtox.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/processor.h>
#include <linux/reboot.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/xxhash.h>

#include <asm/apic.h>
#include <asm/cpuid.h>
#include <asm/e820/api.h>
#include <asm/kho.h>
#include <asm/tsc.h>
#include <asm/x86_init.h>

#include "../../kernel/time/tick-internal.h"

#include "../../../kernel/kho/internal.h"
#include "../../../kernel/kho/root_fdt.h"

#define MAGIC		0x4b434f4c434f484bULL	/* "KHOCLOCK" */

/* What no clock of a machine that runs this can be below or above. */
#define MIN_KHZ		100000U
#define MAX_KHZ		20000000U
#define MIN_APIC_HZ	1000000ULL
#define MAX_APIC_HZ	(MAX_KHZ * 1000ULL)

/**
 * struct clock_rates - the subtree, in native byte order
 * @magic: %MAGIC
 * @vendor: whose CPU it was measured on, as in struct cpuinfo_x86
 * @signature: family, model and stepping of that CPU, as cpuid(1) has them
 * @tsc_khz: rate of the TSC
 * @cpu_khz: rate of the CPU
 * @apic_hz: rate of the local APIC's timer; 0 if the kernel didn't use it
 * @hash: XXH64 of what comes before
 */
struct clock_rates {
	u64 magic;
	u32 vendor;
	u32 signature;
	u32 tsc_khz;
	u32 cpu_khz;
	u64 apic_hz;
	u64 hash;
};

static struct clock_rates incoming __ro_after_init;
static struct clock_rates *outgoing __ro_after_init;
static bool trust __initdata = true;

static int __init parse_trust(char *arg)
{
	int err = kstrtobool(arg, &trust);

	if (err)
		pr_warn("kho_trust_clock=%s: neither on nor off\n", arg ?: "");
	return err;
}
early_param("kho_trust_clock", parse_trust);

static u64 hash_rates(const struct clock_rates *rates)
{
	return xxh64(rates, offsetof(struct clock_rates, hash), 0);
}

/* --- coming in --- */

static const char * __init check_rates(const struct clock_rates *rates)
{
	if (rates->magic != MAGIC || rates->hash != hash_rates(rates))
		return "checksum is wrong";
	if (rates->vendor != boot_cpu_data.x86_vendor ||
	    rates->signature != cpuid_eax(1))
		return "another CPU";
	if (rates->tsc_khz < MIN_KHZ || rates->tsc_khz > MAX_KHZ ||
	    rates->cpu_khz < MIN_KHZ || rates->cpu_khz > MAX_KHZ)
		return "no CPU is that fast or slow";
	if (rates->apic_hz && (rates->apic_hz < MIN_APIC_HZ ||
			       rates->apic_hz > MAX_APIC_HZ))
		return "no APIC is that fast or slow";
	return NULL;
}

/* Copies from a handover that nobody has checked yet. */
static const char * __init copy_memory(void *to, phys_addr_t phys, size_t size)
{
	void *from;

	if (!PAGE_ALIGNED(phys) ||
	    !e820__mapped_all(phys, phys + size, E820_TYPE_RAM))
		return "not in memory";

	from = early_memremap(phys, size);
	if (!from)
		return "can't be mapped";
	memcpy(to, from, size);
	early_memunmap(from, size);
	return NULL;
}

static const char * __init find_rates(const void *fdt, phys_addr_t *phys)
{
	phys_addr_t map_root;
	const char *bad = kho_root_check(fdt, KHO_ROOT_SIZE, &map_root);
	u64 size;

	if (bad)
		return bad;
	if (kho_root_find(fdt, KHO_CLOCK_SUBTREE, phys, &size))
		return "not handed over";
	return size == sizeof(incoming) ? NULL : "not of this format";
}

static const char * __init read_rates(phys_addr_t fdt_phys)
{
	static u8 fdt[KHO_ROOT_SIZE] __initdata __aligned(8);
	const char *bad = copy_memory(fdt, fdt_phys, sizeof(fdt));
	phys_addr_t phys;

	if (!bad)
		bad = find_rates(fdt, &phys);
	if (!bad)
		bad = copy_memory(&incoming, phys, sizeof(incoming));
	return bad ?: check_rates(&incoming);
}

/* What the CPU itself tells is exact. */
static unsigned long known_tsc_khz(void)
{
	return native_calibrate_tsc() ?: incoming.tsc_khz;
}

static unsigned long known_cpu_khz(void)
{
	return incoming.cpu_khz;
}

static void __init use_rates(void)
{
	/* A hypervisor that tells the rate knows best. */
	if (x86_platform.calibrate_tsc == native_calibrate_tsc)
		x86_platform.calibrate_tsc = known_tsc_khz;
	if (x86_platform.calibrate_cpu == native_calibrate_cpu_early)
		x86_platform.calibrate_cpu = known_cpu_khz;
	if (!lapic_timer_period)
		lapic_timer_period = div_u64(incoming.apic_hz, HZ);

	pr_info("TSC %u kHz, APIC timer %llu Hz, says the previous kernel\n",
		incoming.tsc_khz, incoming.apic_hz);
}

/**
 * kho_clock_early - trust the previous kernel in how fast the clocks are
 *
 * Unless kho_trust_clock=off, and if what it says can be true. Otherwise this
 * kernel measures as ever. What it refines later, it still does.
 *
 * Context: early boot, right before the TSC is calibrated; memory is known to
 * e820 alone.
 */
void __init kho_clock_early(void)
{
	phys_addr_t fdt = kho_in_fdt_phys();
	const char *bad;

	if (!fdt || !trust)
		return;

	bad = read_rates(fdt);
	if (bad)
		pr_info("measuring the clocks again: rates %s\n", bad);
	else
		use_rates();
}

/* --- going out --- */

/* Is the timer of the local APIC what this CPU ticks by? */
static bool ticks_by_apic(void)
{
	const struct clock_event_device *dev;
	bool apic;

	dev = tick_get_device(get_cpu())->evtdev;
	apic = dev && !strcmp(dev->name, "lapic") &&
	       !(dev->features & CLOCK_EVT_FEAT_DUMMY);
	put_cpu();
	return apic;
}

/* As late as can be: the rates may have been refined. */
static int hand_over_rates(struct notifier_block *nb, unsigned long action,
			   void *data)
{
	struct clock_rates rates = {
		.magic = MAGIC,
		.vendor = boot_cpu_data.x86_vendor,
		.signature = cpuid_eax(1),
		.tsc_khz = tsc_khz,
		.cpu_khz = cpu_khz,
	};

	if (ticks_by_apic())
		rates.apic_hz = (u64)lapic_timer_period * HZ;
	rates.hash = hash_rates(&rates);

	if (!check_tsc_unstable())
		*outgoing = rates;
	return NOTIFY_DONE;
}

static struct notifier_block reboot_nb = {
	.notifier_call = hand_over_rates,
};

static int __init kho_clock_init(void)
{
	phys_addr_t phys;
	size_t size;
	void *page;
	int err;

	if (!kho_retrieve_subtree(KHO_CLOCK_SUBTREE, &phys, &size))
		kho_restore_free(phys_to_virt(phys));
	if (!kho_out_fdt())
		return 0;

	page = kho_alloc_preserve(sizeof(*outgoing));
	if (IS_ERR(page))
		return PTR_ERR(page);

	err = kho_add_subtree(KHO_CLOCK_SUBTREE, page, sizeof(*outgoing));
	if (err) {
		kho_unpreserve_free(page);
		return err;
	}

	outgoing = page;
	return register_reboot_notifier(&reboot_nb);
}
arch_initcall(kho_clock_init);
