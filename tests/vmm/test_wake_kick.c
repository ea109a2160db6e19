/* SPDX-License-Identifier: BSD-3-Clause */
/* A wake-up that comes while the sleeping vCPU's thread looks at another kick is not lost. */
#include "power_rig.h"

static struct power *armed; /* atomic: wake this machine right after the next look */
static uint32_t looks; /* atomic */

enum torpor_action __real_torpor_cpu_poll(struct torpor_machine *machine, uint32_t cpu,
					  struct torpor_call *call);
enum torpor_action __wrap_torpor_cpu_poll(struct torpor_machine *machine, uint32_t cpu,
					  struct torpor_call *call);

enum torpor_action __wrap_torpor_cpu_poll(struct torpor_machine *machine, uint32_t cpu,
					  struct torpor_call *call)
{
	enum torpor_action action = __real_torpor_cpu_poll(machine, cpu, call);
	struct power *power = __atomic_exchange_n(&armed, NULL, __ATOMIC_SEQ_CST);

	(void)__atomic_add_fetch(&looks, 1, __ATOMIC_SEQ_CST);
	if (power != NULL) {
		assert_int_equal(action, TORPOR_WAIT_SYSTEM);
		assert_true(power_wake(power));
	}
	return action;
}

static void wake_after_look(void **state)
{
	static const struct fake_op boot[] = {FAKE_CALL(SYSTEM_SUSPEND, PROG(1), 0, 0), FAKE_IDLE};
	static const struct fake_op woken[] = {FAKE_CALL(SYSTEM_OFF, 0, 0, 0), FAKE_IDLE};
	struct power_rig *rig = *state;
	struct power_cpu_info info;
	struct power_end end;

	fake_kvm_ops(PROG(1), woken);
	power_rig_run(rig, 1, V13, boot);
	assert_becomes(rig, TORPOR_MODE_SUSPENDED);
	assert_true(fake_kvm_wait_asleep(0));
	__atomic_store_n(&armed, rig->power, __ATOMIC_SEQ_CST);
	assert_true(power_query_cpu(rig->power, 0, &info));
	assert_end(rig, POWER_END_OFF, &end);
	assert_true(__atomic_load_n(&looks, __ATOMIC_SEQ_CST) >= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		POWER_RIG_TEST(wake_after_look),
	};

	return cmocka_run_group_tests_name("wake_kick", tests, NULL, NULL);
}
