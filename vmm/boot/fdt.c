/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot/fdt.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <libfdt.h>
#include <string.h>
#include <sys/random.h>

#include "boot/fdt_internal.h"
#include "platform/layout.h"

/* Of the GIC's binding. */
#define GIC_PPI 1

#define CLOCK_HZ 24000000
#define RNG_SEED_BYTES 32
#define UART_NODE "/pl011@9000000"
/* As Linux numbers the modes of secure boot. */
#define EFI_SECURE_BOOT_DISABLED 2

#define PSCI_VERSION(major, minor) (UINT32_C(major) << 16 | (minor))
/* The ids that 0.2 fixed, for systems that know only how to read them from the tree. */
#define PSCI_0_2_CPU_OFF UINT32_C(0x84000002)
#define PSCI_0_2_CPU_SUSPEND UINT32_C(0xC4000001)
#define PSCI_0_2_CPU_ON UINT32_C(0xC4000003)
#define PSCI_0_2_MIGRATE UINT32_C(0xC4000005)

static void write_memory(struct fdt_writer *w, const struct fdt_config *config)
{
	fdt_writer_begin_named(w, "memory@%" PRIx64, config->ram_ipa);
	fdt_writer_string(w, "device_type", "memory");
	fdt_writer_reg(w, config->ram_ipa, config->ram_size_bytes);
	fdt_writer_end(w);
}

static void write_psci_ids(struct fdt_writer *w, const struct fdt_psci_ids *ids)
{
	if (ids->cpu_suspend != 0) {
		fdt_writer_u32(w, "cpu_suspend", ids->cpu_suspend);
	}
	if (ids->cpu_off != 0) {
		fdt_writer_u32(w, "cpu_off", ids->cpu_off);
	}
	if (ids->cpu_on != 0) {
		fdt_writer_u32(w, "cpu_on", ids->cpu_on);
	}
	if (ids->migrate != 0) {
		fdt_writer_u32(w, "migrate", ids->migrate);
	}
}

static void write_psci(struct fdt_writer *w, const struct fdt_config *config)
{
	static const char psci_0_2[] = "arm,psci-0.2\0arm,psci";
	static const char psci_1_0[] = "arm,psci-1.0\0arm,psci-0.2";
	static const struct fdt_psci_ids ids_0_2 = {
		.cpu_suspend = PSCI_0_2_CPU_SUSPEND,
		.cpu_off = PSCI_0_2_CPU_OFF,
		.cpu_on = PSCI_0_2_CPU_ON,
		.migrate = PSCI_0_2_MIGRATE,
	};

	fdt_writer_begin(w, "psci");
	if (config->psci_version >= PSCI_VERSION(1, 0)) {
		/* Any later version too: the guest asks PSCI_VERSION and PSCI_FEATURES. */
		fdt_writer_put(w, "compatible", psci_1_0, sizeof(psci_1_0));
	} else if (config->psci_version == PSCI_VERSION(0, 2)) {
		fdt_writer_put(w, "compatible", psci_0_2, sizeof(psci_0_2));
		write_psci_ids(w, &ids_0_2);
	} else {
		fdt_writer_string(w, "compatible", "arm,psci");
		write_psci_ids(w, &config->psci_ids);
	}
	fdt_writer_string(w, "method", "hvc");
	fdt_write_domains(w, config);
	fdt_writer_end(w);
}

static void write_timer(struct fdt_writer *w)
{
	static const char compatible[] = "arm,armv8-timer\0arm,armv7-timer";
	static const uint32_t interrupts[] = {
		GIC_PPI, LAYOUT_TIMER_S_EL1_PPI,  FDT_IRQ_LEVEL_HIGH,
		GIC_PPI, LAYOUT_TIMER_NS_EL1_PPI, FDT_IRQ_LEVEL_HIGH,
		GIC_PPI, LAYOUT_TIMER_VIRT_PPI,	  FDT_IRQ_LEVEL_HIGH,
		GIC_PPI, LAYOUT_TIMER_NS_EL2_PPI, FDT_IRQ_LEVEL_HIGH,
	};

	fdt_writer_begin(w, "timer");
	fdt_writer_put(w, "compatible", compatible, sizeof(compatible));
	fdt_writer_cells(w, "interrupts", interrupts, sizeof(interrupts) / sizeof(interrupts[0]));
	/* It goes on while a CPU is suspended, and its interrupt wakes that CPU. */
	fdt_writer_put(w, "always-on", NULL, 0);
	fdt_writer_end(w);
}

static void write_gic(struct fdt_writer *w, const struct fdt_config *config)
{
	uint32_t regions = config->cpu_count > LAYOUT_GICR_CPU_COUNT_MAX ? 2 : 1;
	uint64_t reg[6] = {
		htobe64(LAYOUT_GICD_BASE),
		htobe64(LAYOUT_GICD_SIZE_BYTES),
		htobe64(LAYOUT_GICR_BASE),
		htobe64(LAYOUT_GICR_SIZE_BYTES),
		htobe64(layout_gicr2_base(config->ram_size_bytes)),
		htobe64(LAYOUT_GICR2_SIZE_BYTES),
	};

	fdt_writer_begin_named(w, "intc@%" PRIx64, LAYOUT_GICD_BASE);
	fdt_writer_string(w, "compatible", "arm,gic-v3");
	fdt_writer_put(w, "interrupt-controller", NULL, 0);
	fdt_writer_u32(w, "#interrupt-cells", 3);
	fdt_writer_u32(w, "#address-cells", 2);
	fdt_writer_u32(w, "#size-cells", 2);
	fdt_writer_put(w, "ranges", NULL, 0);
	fdt_writer_u32(w, "#redistributor-regions", regions);
	fdt_writer_put(w, "reg", reg, (1 + regions) * 2 * sizeof(reg[0]));
	fdt_writer_u32(w, "phandle", FDT_PHANDLE_GIC);
	fdt_writer_end(w);
}

static void write_pmu(struct fdt_writer *w)
{
	static const uint32_t interrupt[] = {GIC_PPI, LAYOUT_PMU_PPI, FDT_IRQ_LEVEL_HIGH};

	fdt_writer_begin(w, "pmu");
	fdt_writer_string(w, "compatible", "arm,armv8-pmuv3");
	fdt_writer_cells(w, "interrupts", interrupt, sizeof(interrupt) / sizeof(interrupt[0]));
	fdt_writer_end(w);
}

static void write_clock(struct fdt_writer *w)
{
	fdt_writer_begin(w, "apb-pclk");
	fdt_writer_string(w, "compatible", "fixed-clock");
	fdt_writer_u32(w, "#clock-cells", 0);
	fdt_writer_u32(w, "clock-frequency", CLOCK_HZ);
	fdt_writer_string(w, "clock-output-names", "clk24mhz");
	fdt_writer_u32(w, "phandle", FDT_PHANDLE_CLOCK);
	fdt_writer_end(w);
}

static void write_aliases(struct fdt_writer *w)
{
	fdt_writer_begin(w, "aliases");
	fdt_writer_string(w, "serial0", UART_NODE);
	fdt_writer_end(w);
}

/* The kernel takes EFI's tables only if all six are there. */
static void write_efi(struct fdt_writer *w, const struct efi_place *efi)
{
	fdt_writer_u64(w, "linux,uefi-system-table", efi->system_table_ipa);
	fdt_writer_u64(w, "linux,uefi-mmap-start", efi->map_ipa);
	fdt_writer_u32(w, "linux,uefi-mmap-size", efi->map_size_bytes);
	fdt_writer_u32(w, "linux,uefi-mmap-desc-size", efi->descriptor_size_bytes);
	fdt_writer_u32(w, "linux,uefi-mmap-desc-ver", efi->descriptor_version);
	fdt_writer_u32(w, "linux,uefi-secure-boot", EFI_SECURE_BOOT_DISABLED);
}

static void write_chosen(struct fdt_writer *w, const struct fdt_config *config,
			 const uint8_t *seeds)
{
	fdt_writer_begin(w, "chosen");
	if (config->efi != NULL) {
		write_efi(w, config->efi);
	} else {
		fdt_writer_string(w, "stdout-path", UART_NODE);
	}
	if (config->bootargs != NULL && config->bootargs[0] != '\0') {
		fdt_writer_string(w, "bootargs", config->bootargs);
	}
	if (config->initrd_size_bytes != 0) {
		fdt_writer_u64(w, "linux,initrd-start", config->initrd_ipa);
		fdt_writer_u64(w, "linux,initrd-end",
			       config->initrd_ipa + config->initrd_size_bytes);
	}
	fdt_writer_put(w, "rng-seed", seeds, RNG_SEED_BYTES);
	fdt_writer_put(w, "kaslr-seed", seeds + RNG_SEED_BYTES, sizeof(uint64_t));
	fdt_writer_end(w);
}

/* With any node but /chosen Linux would not boot with ACPI. */
static void write_stub(struct fdt_writer *w, const struct fdt_config *config, const uint8_t *seeds)
{
	fdt_writer_begin(w, "");
	fdt_writer_u32(w, "#address-cells", 2);
	fdt_writer_u32(w, "#size-cells", 2);
	write_chosen(w, config, seeds);
	fdt_writer_end(w);
}

static void write_tree(struct fdt_writer *w, const struct fdt_config *config, const uint8_t *seeds)
{
	fdt_writer_begin(w, "");
	fdt_writer_string(w, "compatible", "linux,dummy-virt");
	fdt_writer_string(w, "model", "linux,dummy-virt");
	fdt_writer_u32(w, "#address-cells", 2);
	fdt_writer_u32(w, "#size-cells", 2);
	fdt_writer_u32(w, "interrupt-parent", FDT_PHANDLE_GIC);
	fdt_writer_put(w, "dma-coherent", NULL, 0);
	write_aliases(w);
	write_chosen(w, config, seeds);
	write_memory(w, config);
	fdt_write_reserved(w, config);
	fdt_write_cpus(w, config);
	write_psci(w, config);
	write_timer(w);
	if (config->pmu) {
		write_pmu(w);
	}
	write_clock(w);
	write_gic(w, config);
	fdt_write_devices(w, config);
	fdt_writer_end(w);
}

static int check_config(const struct fdt_config *config, struct vmm_error *err)
{
	uint32_t version = config->psci_version;

	if (config->cpu_count == 0) {
		vmm_error_set(err, "a machine needs at least one CPU");
		return -EINVAL;
	}
	if (version != PSCI_VERSION(0, 1) && version != PSCI_VERSION(0, 2) &&
	    version < PSCI_VERSION(1, 0)) {
		vmm_error_set(err, "there is no PSCI version %u.%u", version >> 16,
			      version & 0xFFFF);
		return -EINVAL;
	}
	return 0;
}

static int fill_seeds(const struct fdt_config *config, uint8_t seeds[FDT_SEEDS_BYTES],
		      struct vmm_error *err)
{
	int ret = 0;

	if (config->seeds != NULL) {
		memcpy(seeds, config->seeds, FDT_SEEDS_BYTES);
	} else if (getrandom(seeds, FDT_SEEDS_BYTES, 0) != FDT_SEEDS_BYTES) {
		/* So few bytes come whole or not at all. */
		ret = -errno;
		vmm_error_set(err, "the host gives no random numbers: %s", strerror(-ret));
	}
	return ret;
}

int fdt_build(const struct fdt_config *config, void *to, size_t size_bytes, struct vmm_error *err)
{
	uint8_t seeds[FDT_SEEDS_BYTES];
	struct fdt_writer w = {.fdt = to};
	int ret = check_config(config, err);

	if (ret != 0) {
		return ret;
	}
	ret = fill_seeds(config, seeds, err);
	if (ret != 0) {
		return ret;
	}
	if (size_bytes > FDT_SIZE_MAX_BYTES) {
		size_bytes = FDT_SIZE_MAX_BYTES;
	}
	w.error = fdt_create(to, (int)size_bytes);
	if (w.error == 0) {
		w.error = fdt_finish_reservemap(to);
	}
	if (config->efi != NULL) {
		write_stub(&w, config, seeds);
	} else {
		write_tree(&w, config, seeds);
	}
	explicit_bzero(seeds, sizeof(seeds));
	if (w.error == 0) {
		w.error = fdt_finish(to);
	}
	if (w.error != 0) {
		vmm_error_set(err, "the device tree cannot be written: %s (is --append too long?)",
			      fdt_strerror(w.error));
		return -ENOSPC;
	}
	return 0;
}
