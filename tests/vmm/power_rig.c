/* SPDX-License-Identifier: BSD-3-Clause */
#include "power_rig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WAIT_S 20
#define NS_PER_MS 1000000L

/* As the VMM forwards them. */
static const struct kvm_forward forward[] = {
	{.first = TORPOR_FN32_BASE, .count = TORPOR_FN_COUNT},
	{.first = TORPOR_FN64_BASE, .count = TORPOR_FN_COUNT},
	{.first = POWER_FN_0_1_BASE, .count = POWER_FN_0_1_COUNT},
};

static uint64_t read_device(void *dev, uint64_t offset, unsigned len_bytes)
{
	const struct power_rig *rig = dev;

	(void)offset;
	(void)len_bytes;
	return __atomic_load_n(&rig->device, __ATOMIC_RELAXED);
}

static void write_device(void *dev, uint64_t offset, unsigned len_bytes, uint64_t value)
{
	struct power_rig *rig = dev;

	(void)offset;
	(void)len_bytes;
	__atomic_store_n(&rig->device, value, __ATOMIC_RELAXED);
}

static const struct mmio_ops device_ops = {.read = read_device, .write = write_device};

static void on_ended(void *ctx)
{
	struct power_rig *rig = ctx;

	pthread_mutex_lock(&rig->lock);
	rig->ended++;
	pthread_cond_broadcast(&rig->changed);
	pthread_mutex_unlock(&rig->lock);
}

static const char *device_name(void *ctx, uint32_t intid)
{
	(void)ctx;
	switch (intid) {
	case RIG_RTC_INTID:
		return "pl031";
	case RIG_KEY_INTID:
		return "pl061";
	default:
		return NULL;
	}
}

static enum power_key device_key(void *ctx, uint32_t intid)
{
	(void)ctx;
	return intid == RIG_KEY_INTID ? POWER_KEY_SLEEP : POWER_KEY_NONE;
}

void power_rig_up(struct power_rig *rig, uint32_t cpu_count, uint32_t psci_version)
{
	uint64_t mpidrs[FAKE_CPU_COUNT_MAX];
	const struct mmio_region region = {
		.base = RIG_DEVICE_IPA,
		.size_bytes = sizeof(rig->device),
		.ops = &device_ops,
		.dev = rig,
		.name = "register",
	};
	struct power_config config = {
		.cpu_count = cpu_count,
		.mpidrs = mpidrs,
		.psci_version = psci_version,
		.idle_states = rig->idle_states,
		.cluster_count = rig->cluster_count,
		.spi_count = FAKE_INTID_COUNT - 32,
		.events = event_log_sink(&rig->events),
		.ended = on_ended,
		.device_name = device_name,
		.device_key = device_key,
		.ctx = rig,
	};
	struct vmm_error error;

	rig->cpu_count = cpu_count;
	assert_int_equal(guest_ram_map(&rig->ram, RIG_RAM_BYTES), 0);
	assert_int_equal(mmio_bus_add(&rig->bus, &region), 0);
	config.ram = rig->ram;
	for (uint32_t i = 0; i < cpu_count; i++) {
		mpidrs[i] = fake_kvm_mpidr(i);
	}
	assert_int_equal(power_create(&rig->power, &config, &error), 0);
}

int power_rig_try_boot(struct power_rig *rig, struct vmm_error *error)
{
	const struct kvm_entry entry = {.pc = BOOT, .x0 = BOOT_X0};
	const struct kvm_vm_config config = {
		.ram = rig->ram,
		.cpu_count = rig->cpu_count,
		.forward = forward,
		.forward_count = sizeof(forward) / sizeof(forward[0]),
		.spi_count = FAKE_INTID_COUNT - 32,
	};

	assert_int_equal(kvm_vm_create(&rig->vm, &config, error), 0);
	return power_boot(rig->power, rig->vm, &rig->bus, &entry, error);
}

void power_rig_boot(struct power_rig *rig)
{
	struct vmm_error error = {.text = ""};

	if (power_rig_try_boot(rig, &error) != 0) {
		fail_msg("no boot: %s", error.text);
	}
}

void power_rig_run(struct power_rig *rig, uint32_t cpu_count, uint32_t psci_version,
		   const struct fake_op *ops)
{
	fake_kvm_ops(BOOT, ops);
	power_rig_up(rig, cpu_count, psci_version);
	power_rig_boot(rig);
}

void power_rig_stop(struct power_rig *rig)
{
	if (rig->power != NULL) {
		power_stop(rig->power);
	}
	kvm_vm_destroy(rig->vm);
	rig->vm = NULL;
	pthread_mutex_lock(&rig->lock);
	rig->ended = 0;
	pthread_mutex_unlock(&rig->lock);
}

bool power_rig_wait(struct power_rig *rig)
{
	struct timespec limit;
	bool ended;
	int ret = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &limit);
	limit.tv_sec += WAIT_S;
	pthread_mutex_lock(&rig->lock);
	while (rig->ended == 0 && ret != ETIMEDOUT) {
		ret = pthread_cond_timedwait(&rig->changed, &rig->lock, &limit);
	}
	ended = rig->ended == 1;
	pthread_mutex_unlock(&rig->lock);
	return ended;
}

void assert_end(struct power_rig *rig, enum power_end_kind kind, struct power_end *end)
{
	assert_true(power_rig_wait(rig));
	power_end(rig->power, end);
	assert_int_equal(end->kind, kind);
}

void assert_result(uint32_t cpu, unsigned n, uint64_t x0)
{
	struct fake_call call;

	assert_true(fake_kvm_wait_calls(cpu, n + 1));
	call = fake_kvm_call(cpu, n);
	assert_true(call.returned);
	assert_int_equal(call.x0, x0);
}

static void nap(void)
{
	const struct timespec delay = {.tv_nsec = NS_PER_MS};

	(void)nanosleep(&delay, NULL);
}

void assert_becomes(struct power_rig *rig, enum torpor_machine_mode mode)
{
	for (int ms = 0; ms < WAIT_S * 1000 && power_mode(rig->power) != mode; ms++) {
		nap();
	}
	assert_int_equal(power_mode(rig->power), mode);
}

void power_rig_irq(struct power_rig *rig, uint32_t intid, bool level)
{
	assert_int_equal(kvm_vm_set_irq(rig->vm, intid, level), 0);
}

int power_rig_setup(void **state)
{
	struct power_rig *rig = calloc(1, sizeof(*rig));
	pthread_condattr_t attr;

	if (rig == NULL) {
		return -1;
	}
	event_log_init(&rig->events);
	(void)pthread_mutex_init(&rig->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&rig->changed, &attr);
	(void)pthread_condattr_destroy(&attr);
	rig->leaks = leaks_begin();
	fake_kvm_up();
	*state = rig;
	return 0;
}

int power_rig_teardown(void **state)
{
	struct power_rig *rig = *state;
	struct leaks leaks;

	if (rig == NULL) {
		return 0;
	}
	*state = NULL;
	leaks = rig->leaks;
	power_rig_stop(rig);
	power_destroy(rig->power);
	guest_ram_unmap(&rig->ram);
	event_log_free(&rig->events);
	(void)pthread_mutex_destroy(&rig->lock);
	(void)pthread_cond_destroy(&rig->changed);
	free(rig);
	fake_kvm_down();
	assert_no_leaks(&leaks);
	return 0;
}

void power_rig_again(void **state)
{
	(void)power_rig_teardown(state);
	assert_int_equal(power_rig_setup(state), 0);
}
