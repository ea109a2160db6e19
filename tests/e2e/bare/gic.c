/* SPDX-License-Identifier: BSD-3-Clause */
/* A GICv3 with just what wakes a CPU: one SGI and the timers. Interrupts are never taken. */
#include "bare.h"

#define GICD_CTLR UINT64_C(0x08000000)
#define GICD_CTLR_GROUP1_ARE 0x12U
#define GICR_BASE UINT64_C(0x080A0000)
#define GICR_STRIDE UINT64_C(0x20000)
#define GICR_CPUS 123
#define GICR2_BASE UINT64_C(0x4000000000)
#define GICR_TYPER 0x8
#define GICR_WAKER 0x14
#define GICR_WAKER_SLEEP (1U << 1)
#define GICR_WAKER_ASLEEP (1U << 2)
#define GICR_SGIS UINT64_C(0x10000)
#define IGROUPR 0x80
#define ISENABLER 0x100
#define ICENABLER 0x180
#define ISPENDR 0x200
#define ICPENDR 0x280
#define IPRIORITYR 0x400
#define PRIORITY 0xA0A0A0A0U
#define NONE 1020

void gic_init(void)
{
	io_write(GICD_CTLR, GICD_CTLR_GROUP1_ARE);
}

/* They are in the order of the CPUs, in two ranges. */
static u64 redistributor(const struct cpu *cpu)
{
	u64 affinity_value = (cpu->mpidr >> 32 & 0xFF) << 24 | (cpu->mpidr & 0xFFFFFF);
	u64 n = (u64)(cpu - cpus);
	u64 gicr = n < GICR_CPUS ? GICR_BASE + n * GICR_STRIDE
				 : GICR2_BASE + (n - GICR_CPUS) * GICR_STRIDE;

	if (io_read64(gicr + GICR_TYPER) >> 32 != affinity_value) {
		say("not ok the redistributor at %x is another CPU's", gicr);
		end_machine();
	}
	return gicr;
}

/* Also after a wake-up: nothing of the CPU interface need be left then. */
void gic_init_cpu(struct cpu *self)
{
	u64 sgis;

	if (self->gicr == 0) {
		self->gicr = redistributor(self);
		sgis = self->gicr + GICR_SGIS;
		io_write(self->gicr + GICR_WAKER,
			 io_read(self->gicr + GICR_WAKER) & ~GICR_WAKER_SLEEP);
		while ((io_read(self->gicr + GICR_WAKER) & GICR_WAKER_ASLEEP) != 0) {
		}
		io_write(sgis + IGROUPR, ~0U);
		io_write(sgis + ICENABLER, ~0U);
		io_write(sgis + ICPENDR, ~0U);
		for (u32 n = 0; n < 32; n += 4) {
			io_write(sgis + IPRIORITYR + n, PRIORITY);
		}
		io_write(sgis + ISENABLER, 1U << SGI | 1U << TIMER_VIRT_PPI);
	}
	write_register(S3_0_C12_C12_5, read_register(S3_0_C12_C12_5) | 1); /* ICC_SRE_EL1 */
	write_register(S3_0_C4_C6_0, 0xFF); /* ICC_PMR_EL1 */
	write_register(S3_0_C12_C12_7, 1); /* ICC_IGRPEN1_EL1 */
}

void gic_enable(struct cpu *self, u32 intid, bool enable)
{
	io_write(self->gicr + GICR_SGIS + (enable ? ISENABLER : ICENABLER), 1U << intid);
	barrier();
}

bool gic_is_pending(struct cpu *self, u32 intid)
{
	return (io_read(self->gicr + GICR_SGIS + ISPENDR) >> intid & 1) != 0;
}

/* Takes all that is pending off the CPU interface. */
void gic_drain(void)
{
	for (;;) {
		u64 intid = read_register(S3_0_C12_C12_0); /* ICC_IAR1_EL1 */

		barrier();
		if (intid >= NONE) {
			return;
		}
		write_register(S3_0_C12_C12_1, intid); /* ICC_EOIR1_EL1 */
	}
}

u64 gic_highest(void)
{
	return read_register(S3_0_C12_C12_2); /* ICC_HPPIR1_EL1 */
}

void sgi_send(const struct cpu *to)
{
	u64 value = (to->mpidr >> 32 & 0xFF) << 48 | (to->mpidr >> 16 & 0xFF) << 32 |
		    (u64)SGI << 24 | (to->mpidr >> 8 & 0xFF) << 16 |
		    UINT64_C(1) << (to->mpidr & 15);

	barrier();
	write_register(S3_0_C12_C11_5, value); /* ICC_SGI1R_EL1 */
}

void sgi_send_others(void)
{
	barrier();
	write_register(S3_0_C12_C11_5, UINT64_C(1) << 40 | (u64)SGI << 24); /* ICC_SGI1R_EL1 */
}

u64 timer_arm(u64 ms)
{
	u64 at = now() + read_register(cntfrq_el0) / 1000 * ms;

	write_register(cntv_cval_el0, at);
	write_register(cntv_ctl_el0, TIMER_ENABLE);
	return at;
}

void timer_stop(void)
{
	write_register(cntv_ctl_el0, 0);
	gic_drain();
}
