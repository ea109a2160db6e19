/* SPDX-License-Identifier: BSD-3-Clause */
/* A PSCI call of the guest, and what libtorpor says to do after it. */
#include <string.h>
#include "power/internal.h"

/* Does the call name an entry, and so need the caller's endianness? */
static bool names_entry(uint32_t fn_id, uint32_t args)
{
	switch (fn_id % TORPOR_FN_COUNT) {
	case TORPOR_FN_CPU_ON:
	case TORPOR_FN_CPU_SUSPEND:
	case TORPOR_FN_CPU_DEFAULT_SUSPEND:
	case TORPOR_FN_SYSTEM_SUSPEND:
		return true;
	default:
		/* PSCI 0.1's ids are not numbered that way. */
		return args >= 2 && (fn_id & ~UINT32_C(0x4000001F)) != TORPOR_FN32_BASE;
	}
}

/* Each register costs a system call: only those that the function takes are read. */
static int read_call(struct vcpu *vcpu, uint32_t fn_id, struct torpor_call *call)
{
	uint32_t args = torpor_call_args(&vcpu->power->core, fn_id);
	bool big_endian = false;
	int ret = 0;

	call->x[0] = fn_id;
	call->flags = 0;
	for (uint32_t n = 1; n <= 3; n++) {
		call->x[n] = 0;
		if (ret == 0 && n <= args) {
			ret = kvm_vcpu_get_x(vcpu->kvm, n, &call->x[n]);
		}
	}
	if (ret == 0 && names_entry(fn_id, args)) {
		ret = kvm_vcpu_is_big_endian(vcpu->kvm, &big_endian);
		call->flags = big_endian ? TORPOR_BIG_ENDIAN : 0;
	}
	return ret;
}

static bool goes_off(uint32_t fn_id)
{
	return fn_id == TORPOR_FN32(TORPOR_FN_CPU_OFF) || fn_id == POWER_FN_0_1_CPU_OFF;
}

/*
 * Once a CPU is off, another may suspend the machine because of that. No event comes between a
 * CPU's going off and the event that says so, so that they are in the right order.
 */
static enum torpor_action call_in_order(struct vcpu *vcpu, struct torpor_call *call)
{
	const struct power_event event = {
		.kind = POWER_EVENT_CPU_OFF,
		.reason = POWER_REASON_GUEST,
		.cpu = (int32_t)vcpu->index,
	};
	struct power *power = vcpu->power;
	enum torpor_action action;

	pthread_mutex_lock(&power->event_lock);
	action = torpor_call(&power->core, vcpu->index, call);
	/* If the machine has ended, the CPU stays on. */
	if (action == TORPOR_PARK && torpor_cpu_state(&power->core, vcpu->index) != TORPOR_CPU_ON) {
		power_emit_locked(power, &event);
	}
	pthread_mutex_unlock(&power->event_lock);
	return action;
}

void vcpu_call(struct vcpu *vcpu, uint32_t fn_id)
{
	struct torpor_call call;
	int ret = read_call(vcpu, fn_id, &call);
	enum torpor_action action;

	if (ret != 0) {
		vcpu_crash(vcpu, "its registers can't be read: %s", strerror(-ret));
		return;
	}
	action = goes_off(fn_id) ? call_in_order(vcpu, &call)
				 : torpor_call(&vcpu->power->core, vcpu->index, &call);
	if (action == TORPOR_NOT_MINE) {
		call.x[0] = (uint64_t)TORPOR_RET_NOT_SUPPORTED;
		action = TORPOR_RESUME;
	}
	vcpu_act(vcpu, action, &call);
}

static void resume(struct vcpu *vcpu, uint64_t x0)
{
	int ret = kvm_vcpu_set_x0(vcpu->kvm, x0);

	if (ret != 0) {
		vcpu_crash(vcpu, "X0 can't be set: %s", strerror(-ret));
		return;
	}
	vcpu->activity = VCPU_RUNNING;
}

/* Entered after a sleep: the virtual timer goes on. */
static void enter(struct vcpu *vcpu, const struct torpor_start *start)
{
	const struct kvm_entry entry = {
		.pc = start->entry,
		.x0 = start->context,
		.big_endian = (start->flags & TORPOR_BIG_ENDIAN) != 0,
		.keep_timer = true,
	};
	int ret = kvm_vcpu_enter(vcpu->kvm, &entry);

	if (ret != 0) {
		vcpu_crash(vcpu, "its registers can't be reset: %s", strerror(-ret));
		return;
	}
	vcpu->activity = VCPU_RUNNING;
}

/* Off or frozen; or the machine has ended, and this thread is about to be stopped. */
static void park(struct vcpu *vcpu, const struct torpor_call *call)
{
	vcpu->activity = VCPU_PARKED;
	if (call->cpus_on == 0 && power_mode(vcpu->power) == TORPOR_MODE_RUNNING) {
		vcpu_crash(vcpu, "the last CPU that was on went off; expected SYSTEM_OFF");
	}
}

static void end(struct vcpu *vcpu, enum power_end_kind kind, const struct torpor_call *call)
{
	struct power_end end = {
		.kind = kind,
		.event = {.reason = POWER_REASON_GUEST, .cpu = (int32_t)vcpu->index},
	};

	if (call != NULL) {
		end.warm = call->reset_type == TORPOR_RESET2_WARM;
		end.event.reason = POWER_REASON_GUEST_RESET2;
		end.event.reset_type = call->reset_type;
		end.event.cookie = call->cookie;
	}
	vcpu->activity = VCPU_PARKED;
	power_ended(vcpu->power, &end);
}

void vcpu_act(struct vcpu *vcpu, enum torpor_action action, const struct torpor_call *call)
{
	switch (action) {
	case TORPOR_NOT_MINE:
	case TORPOR_RESUME:
		resume(vcpu, call->x[0]);
		break;
	case TORPOR_ENTER:
		enter(vcpu, &call->start);
		break;
	case TORPOR_PARK:
		park(vcpu, call);
		break;
	case TORPOR_WAIT:
		vcpu_wait_begin(vcpu, VCPU_WAITING);
		break;
	case TORPOR_WAIT_SYSTEM:
		vcpu_wait_begin(vcpu, VCPU_WAITING_SYSTEM);
		break;
	case TORPOR_MACHINE_OFF:
		end(vcpu, POWER_END_OFF, NULL);
		break;
	case TORPOR_MACHINE_HIBERNATED:
		end(vcpu, POWER_END_HIBERNATED, NULL);
		break;
	case TORPOR_MACHINE_RESET:
		end(vcpu, POWER_END_RESET, NULL);
		break;
	case TORPOR_MACHINE_RESET2:
		end(vcpu, POWER_END_RESET, call);
		break;
	}
}
