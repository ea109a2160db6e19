/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What bench/vmm measures: how long calls and exits take, by the virtual counter. "bench NAME TENTH
 * MEDIAN COUNT" is in ticks of "bench frequency"; a tenth of the samples took TENTH or less.
 */
#include "bare.h"

#define SAMPLES_MAX 512
#define CALLS 400
#define STARTS 40
#define ROUNDS_ALL 5
#define LIMIT_MS 20000
#define SETTLE_MS 10
#define SETTLE_ALL_MS 500
#define UART_FR UINT64_C(0x09000018)

static u64 samples[SAMPLES_MAX];
static u32 sample_count;

static void sample(u64 ticks)
{
	u32 n = sample_count;

	/* Kept in order. */
	for (; n > 0 && samples[n - 1] > ticks; n--) {
		samples[n] = samples[n - 1];
	}
	samples[n] = ticks;
	sample_count++;
}

static void tell(const char *name)
{
	if (sample_count != 0) {
		say("bench %s %x %x %x", name, samples[sample_count / 10],
		    samples[sample_count / 2], (u64)sample_count);
	}
	sample_count = 0;
}

static u64 version_ticks(void)
{
	u64 since = now();

	(void)psci(FN32(VERSION), 0, 0, 0);
	return now() - since;
}

static u64 load_ticks(u64 address)
{
	u64 since = now();

	(void)io_read(address);
	return now() - since;
}

static u64 nothing_ticks(void)
{
	u64 since = now();

	return now() - since;
}

void case_bench_calls(void)
{
	say("bench frequency %x", read_register(cntfrq_el0));
	say("bench boot-time %x", boot_time);
	for (u32 n = 0; n < CALLS; n++) {
		sample(nothing_ticks());
	}
	tell("nothing");
	for (u32 n = 0; n < CALLS; n++) {
		sample(version_ticks());
	}
	tell("version");
	for (u32 n = 0; n < CALLS; n++) {
		sample(load_ticks(UART_FR));
	}
	tell("load");
}

/* To the first instruction after a wake-up that is pending before the call. */
void case_bench_suspend(void)
{
	struct cpu *self = &cpus[0];
	u64 ret = SUCCESS;

	for (u32 n = 0; n < STARTS && ret == SUCCESS; n++) {
		u64 since;

		(void)timer_arm(0);
		since = now();
		ret = suspend(self, FN64(SYSTEM_SUSPEND), (u64)entry_timed, (u64)self, 0, 0);
		if (ret == SUCCESS) {
			sample(self->first - since);
		}
		gic_init_cpu(self);
		timer_stop();
	}
	tell("suspend");
	check_is(ret, SUCCESS, "SYSTEM_SUSPEND");
}

/* What a CPU that went off leaves to do is not what is measured. */
static bool settled(struct cpu *cpu)
{
	bool off = wait_off(cpu);

	sleep_ms(SETTLE_MS);
	return off;
}

void case_bench_on(void)
{
	struct cpu *cpu = &cpus[1];
	bool good = true;

	for (u32 n = 0; n < STARTS && good; n++) {
		u64 since = now();

		good = cpu_on(cpu, entry_timed, NULL) == SUCCESS && wait_done(cpu) && settled(cpu);
		sample(cpu->first - since);
	}
	tell("on");
	check(good, "CPU_ON starts the CPU");
}

static volatile u32 go;

/* Stays on and takes nothing of the host, which has fewer CPUs. */
static void job_rest(struct cpu *self)
{
	gic_init_cpu(self);
	self->arg = 1;
	while (go == 0) {
		__asm__ volatile("dsb sy\n\twfi" ::: "memory");
		gic_drain();
	}
}

static bool rests(struct cpu *cpu)
{
	u64 since = now();

	while (cpu->arg == 0 && !passed_ms(since, LIMIT_MS)) {
		spin();
	}
	return cpu->arg != 0;
}

/* From the first call to the first instruction of the CPU that comes last. */
static bool start_all(void)
{
	bool good = true;
	u64 last = 0;
	u64 since;

	go = 0;
	for (u32 n = 1; n < cpu_count; n++) {
		cpus[n].arg = 0;
	}
	barrier();
	since = now();
	for (u32 n = 1; n < cpu_count; n++) {
		good = good && cpu_on(&cpus[n], entry_timed, job_rest) == SUCCESS;
	}
	for (u32 n = 1; n < cpu_count; n++) {
		good = good && rests(&cpus[n]);
		last = cpus[n].first - since > last ? cpus[n].first - since : last;
	}
	sample(last);
	barrier();
	go = 1;
	for (u32 n = 1; n < cpu_count; n++) {
		sgi_send(&cpus[n]);
		good = good && wait_off(&cpus[n]);
	}
	sleep_ms(SETTLE_ALL_MS);
	return good;
}

void case_bench_on_all(void)
{
	bool good = true;

	for (u32 round = 0; round < ROUNDS_ALL && good; round++) {
		good = start_all();
	}
	tell("on-all");
	check(good, "CPU_ON starts every CPU");
}
