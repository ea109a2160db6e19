/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine's memory map and interrupt numbers.
 *
 * They are those of QEMU's `virt` machine wherever both have the thing, so that firmware, kernels
 * and earlycon settings made for that machine run here unchanged. They are part of the machine
 * type: no value here may change once released.
 *
 *   0x00_0000_0000  +--------------------------+
 *                   | flash, 2 banks of 64 MiB |
 *   0x00_0800_0000  +--------------------------+
 *                   | GIC distributor   64 KiB |
 *   0x00_080A_0000  +--------------------------+
 *                   | GIC redistributors       |  128 KiB a CPU, 123 CPUs
 *   0x00_0900_0000  +--------------------------+
 *                   | PL011 UART         4 KiB |  SPI 1
 *   0x00_0901_0000  | PL031 RTC          4 KiB |  SPI 2
 *   0x00_0903_0000  | PL061 GPIO         4 KiB |  SPI 7
 *   0x00_0A00_0000  +--------------------------+
 *                   | virtio-mmio, 32 x 512 B  |  SPI 16 to 47
 *   0x00_0A01_0000  +--------------------------+
 *                   | watchdog, refresh  4 KiB |  SPI 10
 *   0x00_0A02_0000  | watchdog, control  4 KiB |
 *   0x00_0A03_0000  | pvpanic            4 KiB |
 *                   +--------------------------+
 *                   | nothing                  |
 *   0x00_4000_0000  +--------------------------+
 *                   | RAM                      |
 *                   | ...                      |
 *   0x40_0000_0000  +--------------------------+
 *                   | GIC redistributors       |  of CPU 123 and later; 64 MiB. Higher up, at the
 *                   +--------------------------+  next GiB after RAM, if RAM reaches there
 */
#ifndef VMM_PLATFORM_LAYOUT_H
#define VMM_PLATFORM_LAYOUT_H

#include <stdint.h>

/* GIC interrupt ids: SGIs 0 to 15, PPIs from 16, SPIs from 32. */
#define LAYOUT_SPI_BASE 32U
#define LAYOUT_PPI_BASE 16U
#define LAYOUT_SPI_INTID(spi) (LAYOUT_SPI_BASE + (spi))
#define LAYOUT_PPI_INTID(ppi) (LAYOUT_PPI_BASE + (ppi))

#define LAYOUT_FLASH_BASE UINT64_C(0x00000000)
#define LAYOUT_FLASH_BANK_SIZE_BYTES UINT64_C(0x04000000)
#define LAYOUT_FLASH_BANK_COUNT 2U

#define LAYOUT_GICD_BASE UINT64_C(0x08000000)
#define LAYOUT_GICD_SIZE_BYTES UINT64_C(0x00010000)
#define LAYOUT_GICR_BASE UINT64_C(0x080A0000)
#define LAYOUT_GICR_SIZE_BYTES UINT64_C(0x00F60000)
/* Two 64 KiB frames a CPU. */
#define LAYOUT_GICR_CPU_SIZE_BYTES UINT64_C(0x00020000)
#define LAYOUT_GICR_CPU_COUNT_MAX 123U
#define LAYOUT_GICR2_BASE UINT64_C(0x4000000000)
#define LAYOUT_GICR2_SIZE_BYTES UINT64_C(0x04000000)
/* What the guest's GIC is built with: 16 SGIs, 16 PPIs and 256 SPIs. */
#define LAYOUT_GIC_INTID_COUNT 288U

#define LAYOUT_UART_BASE UINT64_C(0x09000000)
#define LAYOUT_UART_SIZE_BYTES UINT64_C(0x00001000)
#define LAYOUT_UART_SPI 1U
#define LAYOUT_UART_INTID LAYOUT_SPI_INTID(LAYOUT_UART_SPI)

#define LAYOUT_RTC_BASE UINT64_C(0x09010000)
#define LAYOUT_RTC_SIZE_BYTES UINT64_C(0x00001000)
#define LAYOUT_RTC_SPI 2U
#define LAYOUT_RTC_INTID LAYOUT_SPI_INTID(LAYOUT_RTC_SPI)

#define LAYOUT_GPIO_BASE UINT64_C(0x09030000)
#define LAYOUT_GPIO_SIZE_BYTES UINT64_C(0x00001000)
#define LAYOUT_GPIO_SPI 7U
#define LAYOUT_GPIO_INTID LAYOUT_SPI_INTID(LAYOUT_GPIO_SPI)
/* Its lines with keys; QEMU's machine has the first. */
#define LAYOUT_GPIO_LINE_POWER 3U
#define LAYOUT_GPIO_LINE_SLEEP 4U
#define LAYOUT_GPIO_LINE_HIBERNATE 5U
/* With ACPI: the RTC's interrupt, which ends here instead of at the GIC. */
#define LAYOUT_GPIO_LINE_RTC 6U

#define LAYOUT_VIRTIO_BASE UINT64_C(0x0A000000)
#define LAYOUT_VIRTIO_STRIDE_BYTES UINT64_C(0x00000200)
#define LAYOUT_VIRTIO_SLOT_COUNT 32U
#define LAYOUT_VIRTIO_SPI 16U
#define LAYOUT_VIRTIO_SLOT_BASE(slot)                                                              \
	(LAYOUT_VIRTIO_BASE + (uint64_t)(slot)*LAYOUT_VIRTIO_STRIDE_BYTES)
#define LAYOUT_VIRTIO_SLOT_SPI(slot) (LAYOUT_VIRTIO_SPI + (slot))
#define LAYOUT_VIRTIO_SLOT_INTID(slot) LAYOUT_SPI_INTID(LAYOUT_VIRTIO_SLOT_SPI(slot))

/* The rest of what QEMU's machine keeps for virtio-mmio's range has no virtio in it. */
#define LAYOUT_WATCHDOG_REFRESH_BASE UINT64_C(0x0A010000)
#define LAYOUT_WATCHDOG_CONTROL_BASE UINT64_C(0x0A020000)
#define LAYOUT_WATCHDOG_FRAME_SIZE_BYTES UINT64_C(0x00001000)
#define LAYOUT_WATCHDOG_SPI 10U
#define LAYOUT_WATCHDOG_INTID LAYOUT_SPI_INTID(LAYOUT_WATCHDOG_SPI)

#define LAYOUT_PVPANIC_BASE UINT64_C(0x0A030000)
#define LAYOUT_PVPANIC_SIZE_BYTES UINT64_C(0x00001000)

/* The architected timers' PPIs: EL3's, EL1's physical and virtual one, EL2's. */
#define LAYOUT_TIMER_S_EL1_PPI 13U
#define LAYOUT_TIMER_NS_EL1_PPI 14U
#define LAYOUT_TIMER_VIRT_PPI 11U
#define LAYOUT_TIMER_NS_EL2_PPI 10U

/* The performance counters' interrupt. */
#define LAYOUT_PMU_PPI 7U
#define LAYOUT_PMU_INTID LAYOUT_PPI_INTID(LAYOUT_PMU_PPI)

#define LAYOUT_RAM_BASE UINT64_C(0x40000000)

/** layout_gicr2_base() - where the second range of redistributors is, with RAM of that size */
static inline uint64_t layout_gicr2_base(uint64_t ram_size_bytes)
{
	const uint64_t gib = UINT64_C(1) << 30;
	uint64_t ram_end = LAYOUT_RAM_BASE + ram_size_bytes;

	return ram_end <= LAYOUT_GICR2_BASE ? LAYOUT_GICR2_BASE : (ram_end + gib - 1) / gib * gib;
}

#endif /* VMM_PLATFORM_LAYOUT_H */
