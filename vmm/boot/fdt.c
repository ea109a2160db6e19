/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot/fdt.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "platform/layout.h"

/* Interrupt specifiers of the GIC's binding. */
#define GIC_SPI 0
#define GIC_PPI 1
#define IRQ_EDGE_RISING 1
#define IRQ_LEVEL_HIGH 4

#define PHANDLE_GIC 1
#define PHANDLE_CLOCK 2

#define CLOCK_HZ 24000000
#define RNG_SEED_BYTES 32
/* Aff3 and Aff2 to Aff0: the bits of MPIDR that a CPU's reg may have. */
#define MPIDR_AFFINITY UINT64_C(0xFF00FFFFFF)

#define UART_NODE "/pl011@9000000"

#define PSCI_VERSION(major, minor) (UINT32_C(major) << 16 | (minor))
/* The ids that 0.2 fixed, for systems that know only how to read them from the tree. */
#define PSCI_0_2_CPU_OFF UINT32_C(0x84000002)
#define PSCI_0_2_CPU_SUSPEND UINT32_C(0xC4000001)
#define PSCI_0_2_CPU_ON UINT32_C(0xC4000003)
#define PSCI_0_2_MIGRATE UINT32_C(0xC4000005)

/* A tree being written. After the first error nothing more is done, so it is looked at once. */
struct writer {
	void *fdt;
	int error;
};

static void begin(struct writer *w, const char *name)
{
	if (w->error == 0) {
		w->error = fdt_begin_node(w->fdt, name);
	}
}

__attribute__((format(printf, 2, 3))) static void begin_named(struct writer *w, const char *format,
							      ...)
{
	char name[48];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	begin(w, name);
}

static void end(struct writer *w)
{
	if (w->error == 0) {
		w->error = fdt_end_node(w->fdt);
	}
}

static void put(struct writer *w, const char *name, const void *value, size_t len_bytes)
{
	if (w->error == 0) {
		w->error = fdt_property(w->fdt, name, value, (int)len_bytes);
	}
}

static void put_string(struct writer *w, const char *name, const char *value)
{
	put(w, name, value, strlen(value) + 1);
}

static void put_u32(struct writer *w, const char *name, uint32_t value)
{
	uint32_t cell = htobe32(value);

	put(w, name, &cell, sizeof(cell));
}

static void put_u64(struct writer *w, const char *name, uint64_t value)
{
	uint64_t cells = htobe64(value);

	put(w, name, &cells, sizeof(cells));
}

static void put_cells(struct writer *w, const char *name, const uint32_t *values, size_t count)
{
	uint32_t cells[16];

	for (size_t i = 0; i < count; i++) {
		cells[i] = htobe32(values[i]);
	}
	put(w, name, cells, count * sizeof(cells[0]));
}

/* One address and size, two cells each. */
static void put_reg(struct writer *w, uint64_t base, uint64_t size_bytes)
{
	uint64_t reg[2] = {htobe64(base), htobe64(size_bytes)};

	put(w, "reg", reg, sizeof(reg));
}

static void put_spi(struct writer *w, uint32_t spi, uint32_t trigger)
{
	put_cells(w, "interrupts", (uint32_t[]){GIC_SPI, spi, trigger}, 3);
}

static void write_memory(struct writer *w, const struct fdt_config *config)
{
	begin_named(w, "memory@%" PRIx64, config->ram_ipa);
	put_string(w, "device_type", "memory");
	put_reg(w, config->ram_ipa, config->ram_size_bytes);
	end(w);
}

static void write_cpus(struct writer *w, const struct fdt_config *config)
{
	begin(w, "cpus");
	put_u32(w, "#address-cells", 2);
	put_u32(w, "#size-cells", 0);
	for (size_t i = 0; i < config->cpu_count; i++) {
		uint64_t affinity = config->mpidrs[i] & MPIDR_AFFINITY;

		begin_named(w, "cpu@%" PRIx64, affinity);
		put_string(w, "device_type", "cpu");
		put_string(w, "compatible", "arm,armv8");
		put_u64(w, "reg", affinity);
		put_string(w, "enable-method", "psci");
		end(w);
	}
	end(w);
}

static void write_psci_ids(struct writer *w, const struct fdt_psci_ids *ids)
{
	if (ids->cpu_suspend != 0) {
		put_u32(w, "cpu_suspend", ids->cpu_suspend);
	}
	if (ids->cpu_off != 0) {
		put_u32(w, "cpu_off", ids->cpu_off);
	}
	if (ids->cpu_on != 0) {
		put_u32(w, "cpu_on", ids->cpu_on);
	}
	if (ids->migrate != 0) {
		put_u32(w, "migrate", ids->migrate);
	}
}

static void write_psci(struct writer *w, const struct fdt_config *config)
{
	static const char psci_0_2[] = "arm,psci-0.2\0arm,psci";
	static const char psci_1_0[] = "arm,psci-1.0\0arm,psci-0.2";
	static const struct fdt_psci_ids ids_0_2 = {
		.cpu_suspend = PSCI_0_2_CPU_SUSPEND,
		.cpu_off = PSCI_0_2_CPU_OFF,
		.cpu_on = PSCI_0_2_CPU_ON,
		.migrate = PSCI_0_2_MIGRATE,
	};

	begin(w, "psci");
	if (config->psci_version >= PSCI_VERSION(1, 0)) {
		/* Any later version too: the guest asks PSCI_VERSION and PSCI_FEATURES. */
		put(w, "compatible", psci_1_0, sizeof(psci_1_0));
	} else if (config->psci_version == PSCI_VERSION(0, 2)) {
		put(w, "compatible", psci_0_2, sizeof(psci_0_2));
		write_psci_ids(w, &ids_0_2);
	} else {
		put_string(w, "compatible", "arm,psci");
		write_psci_ids(w, &config->psci_ids);
	}
	put_string(w, "method", "hvc");
	end(w);
}

static void write_timer(struct writer *w)
{
	static const char compatible[] = "arm,armv8-timer\0arm,armv7-timer";
	static const uint32_t interrupts[] = {
		GIC_PPI, LAYOUT_TIMER_S_EL1_PPI,  IRQ_LEVEL_HIGH,
		GIC_PPI, LAYOUT_TIMER_NS_EL1_PPI, IRQ_LEVEL_HIGH,
		GIC_PPI, LAYOUT_TIMER_VIRT_PPI,	  IRQ_LEVEL_HIGH,
		GIC_PPI, LAYOUT_TIMER_NS_EL2_PPI, IRQ_LEVEL_HIGH,
	};

	begin(w, "timer");
	put(w, "compatible", compatible, sizeof(compatible));
	put_cells(w, "interrupts", interrupts, sizeof(interrupts) / sizeof(interrupts[0]));
	/* It goes on while a CPU is suspended, and its interrupt wakes that CPU. */
	put(w, "always-on", NULL, 0);
	end(w);
}

static void write_gic(struct writer *w)
{
	uint64_t reg[4] = {
		htobe64(LAYOUT_GICD_BASE),
		htobe64(LAYOUT_GICD_SIZE_BYTES),
		htobe64(LAYOUT_GICR_BASE),
		htobe64(LAYOUT_GICR_SIZE_BYTES),
	};

	begin_named(w, "intc@%" PRIx64, LAYOUT_GICD_BASE);
	put_string(w, "compatible", "arm,gic-v3");
	put(w, "interrupt-controller", NULL, 0);
	put_u32(w, "#interrupt-cells", 3);
	put_u32(w, "#address-cells", 2);
	put_u32(w, "#size-cells", 2);
	put(w, "ranges", NULL, 0);
	put_u32(w, "#redistributor-regions", 1);
	put(w, "reg", reg, sizeof(reg));
	put_u32(w, "phandle", PHANDLE_GIC);
	end(w);
}

static void write_clock(struct writer *w)
{
	begin(w, "apb-pclk");
	put_string(w, "compatible", "fixed-clock");
	put_u32(w, "#clock-cells", 0);
	put_u32(w, "clock-frequency", CLOCK_HZ);
	put_string(w, "clock-output-names", "clk24mhz");
	put_u32(w, "phandle", PHANDLE_CLOCK);
	end(w);
}

static void write_uart(struct writer *w)
{
	static const char compatible[] = "arm,pl011\0arm,primecell";
	static const char clock_names[] = "uartclk\0apb_pclk";

	begin_named(w, "pl011@%" PRIx64, LAYOUT_UART_BASE);
	put(w, "compatible", compatible, sizeof(compatible));
	put_reg(w, LAYOUT_UART_BASE, LAYOUT_UART_SIZE_BYTES);
	put_spi(w, LAYOUT_UART_SPI, IRQ_LEVEL_HIGH);
	put_cells(w, "clocks", (uint32_t[]){PHANDLE_CLOCK, PHANDLE_CLOCK}, 2);
	put(w, "clock-names", clock_names, sizeof(clock_names));
	end(w);
}

static void write_rtc(struct writer *w)
{
	static const char compatible[] = "arm,pl031\0arm,primecell";

	begin_named(w, "pl031@%" PRIx64, LAYOUT_RTC_BASE);
	put(w, "compatible", compatible, sizeof(compatible));
	put_reg(w, LAYOUT_RTC_BASE, LAYOUT_RTC_SIZE_BYTES);
	put_spi(w, LAYOUT_RTC_SPI, IRQ_LEVEL_HIGH);
	put_u32(w, "clocks", PHANDLE_CLOCK);
	put_string(w, "clock-names", "apb_pclk");
	end(w);
}

/* In order of address, which is the order in which Linux names what it finds. */
static void write_virtio(struct writer *w, uint32_t slots)
{
	for (uint32_t slot = 0; slot < LAYOUT_VIRTIO_SLOT_COUNT; slot++) {
		if ((slots & (UINT32_C(1) << slot)) == 0) {
			continue;
		}
		begin_named(w, "virtio_mmio@%" PRIx64, LAYOUT_VIRTIO_SLOT_BASE(slot));
		put_string(w, "compatible", "virtio,mmio");
		put_reg(w, LAYOUT_VIRTIO_SLOT_BASE(slot), LAYOUT_VIRTIO_STRIDE_BYTES);
		/* Edge, as QEMU's: each new reason comes after an acknowledge took the line low. */
		put_spi(w, LAYOUT_VIRTIO_SLOT_SPI(slot), IRQ_EDGE_RISING);
		put(w, "dma-coherent", NULL, 0);
		end(w);
	}
}

static void write_aliases(struct writer *w)
{
	begin(w, "aliases");
	put_string(w, "serial0", UART_NODE);
	end(w);
}

static void write_chosen(struct writer *w, const struct fdt_config *config, const uint8_t *seeds)
{
	begin(w, "chosen");
	put_string(w, "stdout-path", UART_NODE);
	if (config->bootargs != NULL && config->bootargs[0] != '\0') {
		put_string(w, "bootargs", config->bootargs);
	}
	if (config->initrd_size_bytes != 0) {
		put_u64(w, "linux,initrd-start", config->initrd_ipa);
		put_u64(w, "linux,initrd-end", config->initrd_ipa + config->initrd_size_bytes);
	}
	put(w, "rng-seed", seeds, RNG_SEED_BYTES);
	put(w, "kaslr-seed", seeds + RNG_SEED_BYTES, sizeof(uint64_t));
	end(w);
}

static void write_tree(struct writer *w, const struct fdt_config *config, const uint8_t *seeds)
{
	begin(w, "");
	put_string(w, "compatible", "linux,dummy-virt");
	put_string(w, "model", "linux,dummy-virt");
	put_u32(w, "#address-cells", 2);
	put_u32(w, "#size-cells", 2);
	put_u32(w, "interrupt-parent", PHANDLE_GIC);
	put(w, "dma-coherent", NULL, 0);
	write_aliases(w);
	write_chosen(w, config, seeds);
	write_memory(w, config);
	write_cpus(w, config);
	write_psci(w, config);
	write_timer(w);
	write_clock(w);
	write_gic(w);
	write_uart(w);
	write_rtc(w);
	write_virtio(w, config->virtio_slots);
	end(w);
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

int fdt_build(const struct fdt_config *config, void *to, size_t size_bytes, struct vmm_error *err)
{
	uint8_t seeds[RNG_SEED_BYTES + sizeof(uint64_t)];
	struct writer w = {.fdt = to};
	int ret = check_config(config, err);

	if (ret != 0) {
		return ret;
	}
	/* Up to 256 bytes come whole or not at all. */
	if (getrandom(seeds, sizeof(seeds), 0) != (ssize_t)sizeof(seeds)) {
		ret = -errno;
		vmm_error_set(err, "the host gives no random numbers: %s", strerror(-ret));
		return ret;
	}
	if (size_bytes > FDT_SIZE_MAX_BYTES) {
		size_bytes = FDT_SIZE_MAX_BYTES;
	}
	w.error = fdt_create(to, (int)size_bytes);
	if (w.error == 0) {
		w.error = fdt_finish_reservemap(to);
	}
	write_tree(&w, config, seeds);
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
