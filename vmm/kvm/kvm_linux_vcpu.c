/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "kvm/kvm_linux.h"

#define CORE_REG(field)                                                                            \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE |                                     \
	 (offsetof(struct kvm_regs, field) / sizeof(uint32_t)))
#define REG_X(n) (CORE_REG(regs.regs[0]) + 2 * (uint64_t)(n))
#define REG_PC CORE_REG(regs.pc)
#define REG_PSTATE CORE_REG(regs.pstate)
#define REG_MPIDR_EL1 ARM64_SYS_REG(3, 0, 0, 0, 5)
#define REG_SCTLR_EL1 ARM64_SYS_REG(3, 0, 1, 0, 0)

#define SCTLR_EL1_EE (UINT64_C(1) << 25)
#define SCTLR_EL1_E0E (UINT64_C(1) << 24)
#define MPIDR_AFFINITY UINT64_C(0x000000FF00FFFFFF)

/* Interrupts KVM_RUN; never does anything by itself. */
#define KICK_SIGNAL SIGUSR1

int kvm_linux_get_reg(const struct kvm_vcpu *vcpu, uint64_t id, void *value)
{
	struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)value};

	return ioctl(vcpu->fd, KVM_GET_ONE_REG, &reg) == 0 ? 0 : -errno;
}

int kvm_linux_set_reg(const struct kvm_vcpu *vcpu, uint64_t id, const void *value)
{
	struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)value};

	return ioctl(vcpu->fd, KVM_SET_ONE_REG, &reg) == 0 ? 0 : -errno;
}

static void on_kick(int signal)
{
	(void)signal;
}

static void catch_kicks(void)
{
	struct sigaction action = {.sa_handler = on_kick};

	sigemptyset(&action.sa_mask);
	sigaction(KICK_SIGNAL, &action, NULL);
}

static int init_vcpu(const struct kvm_vm *vm, struct kvm_vcpu *vcpu)
{
	struct kvm_vcpu_init init;

	if (ioctl(vm->fd, KVM_ARM_PREFERRED_TARGET, &init) != 0) {
		return -errno;
	}
	init.features[0] |= 1U << KVM_ARM_VCPU_PSCI_0_2 | kvm_linux_features_init_bits(vm);
	if (ioctl(vcpu->fd, KVM_ARM_VCPU_INIT, &init) != 0) {
		return -errno;
	}
	return kvm_linux_features_finish(vm, vcpu);
}

static int map_run(struct kvm_vm *vm, struct kvm_vcpu *vcpu)
{
	void *run = mmap(NULL, vm->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);

	if (run == MAP_FAILED) {
		return -errno;
	}
	vcpu->run = run;
	vcpu->run_bytes = vm->run_bytes;
	return 0;
}

int kvm_linux_vcpu_create(struct kvm_vm *vm, uint32_t index, struct vmm_error *error)
{
	struct kvm_vcpu *vcpu = &vm->vcpus[index];
	int ret;

	catch_kicks();
	vcpu->fd = ioctl(vm->fd, KVM_CREATE_VCPU, (unsigned long)index);
	ret = vcpu->fd < 0 ? -errno : map_run(vm, vcpu);
	if (ret == 0) {
		ret = init_vcpu(vm, vcpu);
	}
	if (ret == 0) {
		ret = kvm_linux_identity_set(vm, index);
	}
	if (ret == 0) {
		ret = kvm_linux_get_reg(vcpu, REG_MPIDR_EL1, &vcpu->mpidr);
		vcpu->mpidr &= MPIDR_AFFINITY;
	}
	if (ret != 0) {
		vmm_error_set(error, "KVM could not make vCPU %u: %s%s", index, strerror(-ret),
			      ret == -EMFILE ? ": raise ulimit -n" : "");
		return ret;
	}
	vcpu->reset = &vm->reset;
	vcpu->fresh = true;
	return index == 0 ? kvm_linux_snapshot_take(&vm->reset, vcpu, error) : 0;
}

void kvm_linux_vcpu_destroy(struct kvm_vcpu *vcpu)
{
	if (vcpu->run != NULL) {
		munmap(vcpu->run, vcpu->run_bytes);
	}
	if (vcpu->fd >= 0) {
		close(vcpu->fd);
	}
}

uint64_t kvm_vcpu_mpidr(const struct kvm_vcpu *vcpu)
{
	return vcpu->mpidr;
}

void kvm_vcpu_attach(struct kvm_vcpu *vcpu)
{
	sigset_t kicks;

	/* Whoever started us may have had it blocked. */
	(void)sigemptyset(&kicks);
	(void)sigaddset(&kicks, KICK_SIGNAL);
	(void)pthread_sigmask(SIG_UNBLOCK, &kicks, NULL);
	vcpu->thread = pthread_self();
	__atomic_store_n(&vcpu->attached, true, __ATOMIC_RELEASE);
	/* KVM sets a thread's first run up before it sees that it is to return at once. */
	__atomic_store_n(&vcpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	(void)ioctl(vcpu->fd, KVM_RUN, 0);
}

static void decode_mmio(const struct kvm_run *run, struct kvm_exit *exit)
{
	exit->kind = KVM_VCPU_MMIO;
	exit->ipa = run->mmio.phys_addr;
	exit->len_bytes = run->mmio.len;
	exit->write = run->mmio.is_write != 0;
	exit->value = 0;
	memcpy(&exit->value, run->mmio.data, exit->len_bytes);
}

static void fail(struct kvm_exit *exit, const char *what, uint64_t number)
{
	exit->kind = KVM_VCPU_FAILED;
	(void)snprintf(exit->detail, sizeof(exit->detail), "%s (%llu)", what,
		       (unsigned long long)number);
}

static void decode(const struct kvm_run *run, struct kvm_exit *exit)
{
	switch (run->exit_reason) {
	case KVM_EXIT_MMIO:
		decode_mmio(run, exit);
		break;
	case KVM_EXIT_HYPERCALL:
		exit->kind = KVM_VCPU_CALL;
		exit->fn_id = (uint32_t)run->hypercall.nr;
		break;
	case KVM_EXIT_SYSTEM_EVENT:
		if (run->system_event.type == KVM_SYSTEM_EVENT_WAKEUP) {
			exit->kind = KVM_VCPU_WAKEUP;
		} else {
			fail(exit, "a system event that was not asked for", run->system_event.type);
		}
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		fail(exit, "a KVM internal error, suberror", run->internal.suberror);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		fail(exit, "the CPU refused to enter the guest, reason",
		     run->fail_entry.hardware_entry_failure_reason);
		break;
	default:
		fail(exit, "an exit that was not expected, reason", run->exit_reason);
		break;
	}
}

void kvm_vcpu_run(struct kvm_vcpu *vcpu, struct kvm_exit *exit)
{
	if (ioctl(vcpu->fd, KVM_RUN, 0) == 0) {
		decode(vcpu->run, exit);
	} else if (errno == EINTR || errno == EAGAIN) {
		exit->kind = KVM_VCPU_INTERRUPTED;
	} else {
		int err = errno;

		exit->kind = KVM_VCPU_FAILED;
		(void)snprintf(exit->detail, sizeof(exit->detail), "KVM_RUN: %s", strerror(err));
	}
}

void kvm_vcpu_answer_mmio(struct kvm_vcpu *vcpu, uint64_t value)
{
	memcpy(vcpu->run->mmio.data, &value, vcpu->run->mmio.len);
}

int kvm_vcpu_get_x(struct kvm_vcpu *vcpu, unsigned n, uint64_t *value)
{
	return kvm_linux_get_reg(vcpu, REG_X(n), value);
}

int kvm_vcpu_set_x0(struct kvm_vcpu *vcpu, uint64_t value)
{
	return kvm_linux_set_reg(vcpu, REG_X(0), &value);
}

int kvm_vcpu_is_big_endian(struct kvm_vcpu *vcpu, bool *big_endian)
{
	uint64_t sctlr = 0;
	int ret = kvm_linux_get_reg(vcpu, REG_SCTLR_EL1, &sctlr);

	*big_endian = (sctlr & SCTLR_EL1_EE) != 0;
	return ret;
}

int kvm_vcpu_get_registers(struct kvm_vcpu *vcpu, struct kvm_registers *registers)
{
	int ret = kvm_linux_get_reg(vcpu, REG_PC, &registers->pc);

	if (ret == 0) {
		ret = kvm_linux_get_reg(vcpu, REG_PSTATE, &registers->pstate);
	}
	for (unsigned n = 0; ret == 0 && n < 31; n++) {
		ret = kvm_linux_get_reg(vcpu, REG_X(n), &registers->x[n]);
	}
	return ret;
}

static int set_big_endian(struct kvm_vcpu *vcpu)
{
	uint64_t sctlr = 0;
	int ret = kvm_linux_get_reg(vcpu, REG_SCTLR_EL1, &sctlr);

	if (ret == 0) {
		sctlr |= SCTLR_EL1_EE | SCTLR_EL1_E0E;
		ret = kvm_linux_set_reg(vcpu, REG_SCTLR_EL1, &sctlr);
	}
	return ret;
}

static int stop_timers(struct kvm_vcpu *vcpu)
{
	const uint64_t off = 0;
	int ret = kvm_linux_set_reg(vcpu, KVM_REG_ARM_TIMER_CTL, &off);

	return ret != 0 ? ret : kvm_linux_set_reg(vcpu, KVM_REG_ARM_PTIMER_CTL, &off);
}

static int reset(struct kvm_vcpu *vcpu, bool keep_timer)
{
	int ret = 0;

	if (!vcpu->fresh) {
		ret = kvm_linux_snapshot_restore(vcpu);
		if (ret == 0 && !keep_timer) {
			ret = stop_timers(vcpu);
		}
	}
	vcpu->fresh = ret == 0;
	return ret;
}

int kvm_vcpu_reset(struct kvm_vcpu *vcpu)
{
	return reset(vcpu, false);
}

int kvm_vcpu_enter(struct kvm_vcpu *vcpu, const struct kvm_entry *entry)
{
	int ret = reset(vcpu, entry->keep_timer);

	vcpu->fresh = false;
	if (ret == 0 && entry->big_endian) {
		ret = set_big_endian(vcpu);
	}
	if (ret == 0) {
		ret = kvm_linux_set_reg(vcpu, REG_PC, &entry->pc);
	}
	if (ret == 0) {
		ret = kvm_vcpu_set_x0(vcpu, entry->x0);
	}
	return ret;
}

int kvm_vcpu_set_waiting(struct kvm_vcpu *vcpu, bool waiting)
{
	struct kvm_mp_state state = {
		.mp_state = waiting ? KVM_MP_STATE_SUSPENDED : KVM_MP_STATE_RUNNABLE,
	};

	return ioctl(vcpu->fd, KVM_SET_MP_STATE, &state) == 0 ? 0 : -errno;
}

void kvm_vcpu_kick(struct kvm_vcpu *vcpu)
{
	/* The flag stops a KVM_RUN that is about to begin, the signal one that has begun. */
	__atomic_store_n(&vcpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&vcpu->attached, __ATOMIC_ACQUIRE)) {
		pthread_kill(vcpu->thread, KICK_SIGNAL);
	}
}

void kvm_vcpu_unkick(struct kvm_vcpu *vcpu)
{
	__atomic_store_n(&vcpu->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
}
