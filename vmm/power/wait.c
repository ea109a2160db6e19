/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vCPU that sleeps, in CPU_SUSPEND or with the whole machine in SYSTEM_SUSPEND.
 *
 * KVM waits for the interrupt, so that nothing here uses time. The vCPU's registers stay those of
 * the call until it wakes.
 */
#include <string.h>
#include "power/internal.h"

static void emit(struct vcpu *vcpu, enum power_event_kind kind, enum power_reason reason,
		 int32_t intid)
{
	const struct power_config *config = &vcpu->power->config;
	struct power_event event = {
		.kind = kind,
		.reason = reason,
		.cpu = (int32_t)vcpu->index,
		.intid = intid,
	};

	if (intid >= 0) {
		event.device = config->device_name(config->ctx, (uint32_t)intid);
		event.key = config->device_key(config->ctx, (uint32_t)intid);
	}
	power_emit(vcpu->power, &event);
}

void vcpu_wait_begin(struct vcpu *vcpu, enum vcpu_activity activity)
{
	int ret = kvm_vcpu_set_waiting(vcpu->kvm, true);

	if (ret != 0) {
		vcpu_crash(vcpu, "it can't be put to sleep: %s", strerror(-ret));
		return;
	}
	vcpu->activity = activity;
	if (activity == VCPU_WAITING_SYSTEM) {
		emit(vcpu, POWER_EVENT_SUSPEND, POWER_REASON_GUEST, -1);
	}
}

/* The wait is over: by an interrupt, by the host, or because the machine ended. */
static void finish(struct vcpu *vcpu, enum torpor_action action, const struct torpor_call *call,
		   enum power_reason reason, int32_t intid)
{
	bool system = vcpu->activity == VCPU_WAITING_SYSTEM;
	int ret = kvm_vcpu_set_waiting(vcpu->kvm, false);

	if (ret != 0) {
		vcpu_crash(vcpu, "it can't be woken: %s", strerror(-ret));
		return;
	}
	if (system && action != TORPOR_PARK) {
		emit(vcpu, POWER_EVENT_WAKEUP,
		     action == TORPOR_RESUME ? POWER_REASON_REFUSED : reason, intid);
	}
	vcpu_act(vcpu, action, call);
}

/* An interrupt came. Whether it is what wakes the machine is decided by who is first. */
static void on_wakeup(struct vcpu *vcpu)
{
	struct torpor_machine *core = &vcpu->power->core;
	enum power_reason reason = POWER_REASON_HOST;
	struct torpor_call call;
	enum torpor_action action;
	int32_t intid = -1;

	if (vcpu->activity == VCPU_WAITING_SYSTEM) {
		int32_t pending = wake_source(vcpu->power, vcpu->index);

		if (torpor_machine_wake(core) == TORPOR_OK) {
			reason = POWER_REASON_INTERRUPT;
			intid = pending;
		}
	}
	action = torpor_cpu_wake(core, vcpu->index, &call);
	finish(vcpu, action, &call, reason, intid);
}

void vcpu_wait_poll(struct vcpu *vcpu)
{
	struct torpor_call call;
	enum torpor_action action = torpor_cpu_poll(&vcpu->power->core, vcpu->index, &call);

	if (action != TORPOR_WAIT && action != TORPOR_WAIT_SYSTEM) {
		finish(vcpu, action, &call, POWER_REASON_HOST, -1);
	}
}

void vcpu_wait(struct vcpu *vcpu)
{
	struct kvm_exit exit;

	kvm_vcpu_run(vcpu->kvm, &exit);
	switch (exit.kind) {
	case KVM_VCPU_WAKEUP:
		on_wakeup(vcpu);
		break;
	case KVM_VCPU_INTERRUPTED:
		/* The host may have ended the wait, or not: looked at once the kick is back. */
		vcpu->kicked = true;
		break;
	case KVM_VCPU_FAILED:
		vcpu_crash(vcpu, "%s", exit.detail);
		break;
	case KVM_VCPU_MMIO:
	case KVM_VCPU_CALL:
		vcpu_crash(vcpu, "it ran while it should have slept");
		break;
	}
}
