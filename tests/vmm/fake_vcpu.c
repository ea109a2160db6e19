/* SPDX-License-Identifier: BSD-3-Clause */
/* A vCPU: its registers, and the guest that runs on it. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "fake_kvm_internal.h"

#define OP_BYTES 4
#define REGISTER_COUNT 31

static void reset_registers(struct kvm_vcpu *vcpu)
{
	memset(&vcpu->registers, 0, sizeof(vcpu->registers));
	vcpu->registers.pstate = FAKE_PSTATE;
	vcpu->big_endian = false;
	vcpu->ran = false;
}

void fake_vcpu_init(struct kvm_vm *vm, uint32_t index, uint64_t mpidr)
{
	struct kvm_vcpu *vcpu = &vm->vcpus[index];

	vcpu->vm = vm;
	vcpu->index = index;
	vcpu->mpidr = mpidr;
	(void)pthread_mutex_init(&vcpu->lock, NULL);
	(void)pthread_cond_init(&vcpu->changed, NULL);
	reset_registers(vcpu);
}

void fake_vcpu_free(struct kvm_vcpu *vcpu)
{
	(void)pthread_mutex_destroy(&vcpu->lock);
	(void)pthread_cond_destroy(&vcpu->changed);
}

void fake_vcpu_nudge(struct kvm_vcpu *vcpu)
{
	pthread_mutex_lock(&vcpu->lock);
	pthread_cond_broadcast(&vcpu->changed);
	pthread_mutex_unlock(&vcpu->lock);
}

/* All but a kick and a look at the MPIDR is for the vCPU's own thread, outside of a run. */
static void begin(struct kvm_vcpu *vcpu, const char *function)
{
	char text[100];

	fake_use_begin(vcpu->vm, function);
	pthread_mutex_lock(&vcpu->lock);
	if ((vcpu->attached && !pthread_equal(pthread_self(), vcpu->thread)) || vcpu->in_run) {
		(void)snprintf(text, sizeof(text), "%s() while vCPU %u belongs to another thread",
			       function, vcpu->index);
		fake_misuse(text);
	}
}

static void end(struct kvm_vcpu *vcpu)
{
	pthread_mutex_unlock(&vcpu->lock);
	fake_use_end(vcpu->vm);
}

uint64_t kvm_vcpu_mpidr(const struct kvm_vcpu *vcpu)
{
	return vcpu->mpidr;
}

void kvm_vcpu_attach(struct kvm_vcpu *vcpu)
{
	begin(vcpu, "kvm_vcpu_attach");
	if (vcpu->attached) {
		fake_misuse("kvm_vcpu_attach() twice");
	}
	vcpu->thread = pthread_self();
	vcpu->attached = true;
	end(vcpu);
}

void kvm_vcpu_kick(struct kvm_vcpu *vcpu)
{
	fake_use_begin(vcpu->vm, "kvm_vcpu_kick");
	__atomic_store_n(&vcpu->kicked, true, __ATOMIC_SEQ_CST);
	pthread_mutex_lock(&vcpu->lock);
	pthread_cond_broadcast(&vcpu->changed);
	end(vcpu);
}

void kvm_vcpu_unkick(struct kvm_vcpu *vcpu)
{
	begin(vcpu, "kvm_vcpu_unkick");
	__atomic_store_n(&vcpu->kicked, false, __ATOMIC_SEQ_CST);
	end(vcpu);
}

static void count_read(struct kvm_vcpu *vcpu, unsigned n)
{
	struct fake_log *log = fake_log_lock(vcpu->index);
	struct fake_call *call = fake_log_last_call(log);

	if (call != NULL && vcpu->owed == FAKE_OWED_X0) {
		call->reads |= UINT32_C(1) << n;
		call->read_count++;
	}
	fake_log_unlock(log);
}

int kvm_vcpu_get_x(struct kvm_vcpu *vcpu, unsigned n, uint64_t *value)
{
	int ret;

	begin(vcpu, "kvm_vcpu_get_x");
	ret = fake_inject(FAKE_GET_X);
	if (n >= REGISTER_COUNT) {
		fake_misuse("kvm_vcpu_get_x() of no register");
		ret = -EINVAL;
	}
	if (ret == 0) {
		*value = vcpu->registers.x[n];
		count_read(vcpu, n);
	}
	end(vcpu);
	return ret;
}

/* A CPU that sleeps keeps the registers of its call. */
static void check_awake(struct kvm_vcpu *vcpu, const char *function)
{
	if (vcpu->waiting) {
		fake_misuse(function);
	}
}

int kvm_vcpu_set_x0(struct kvm_vcpu *vcpu, uint64_t value)
{
	int ret;

	begin(vcpu, "kvm_vcpu_set_x0");
	check_awake(vcpu, "kvm_vcpu_set_x0() on a CPU that sleeps");
	ret = fake_inject(FAKE_SET_X0);
	if (ret == 0) {
		if (vcpu->owed != FAKE_OWED_X0) {
			fake_misuse("kvm_vcpu_set_x0() without a call");
		}
		vcpu->registers.x[0] = value;
		vcpu->owed = FAKE_OWED_NOTHING;
		fake_log_return(vcpu->index, value);
	}
	end(vcpu);
	return ret;
}

int kvm_vcpu_is_big_endian(struct kvm_vcpu *vcpu, bool *big_endian)
{
	struct fake_log *log;
	struct fake_call *call;
	int ret;

	begin(vcpu, "kvm_vcpu_is_big_endian");
	ret = fake_inject(FAKE_IS_BIG_ENDIAN);
	if (ret == 0) {
		*big_endian = vcpu->big_endian;
		log = fake_log_lock(vcpu->index);
		call = fake_log_last_call(log);
		if (call != NULL) {
			call->endian = true;
		}
		fake_log_unlock(log);
	}
	end(vcpu);
	return ret;
}

int kvm_vcpu_get_registers(struct kvm_vcpu *vcpu, struct kvm_registers *registers)
{
	int ret;

	begin(vcpu, "kvm_vcpu_get_registers");
	ret = fake_inject(FAKE_GET_REGISTERS);
	if (ret == 0) {
		*registers = vcpu->registers;
	}
	end(vcpu);
	return ret;
}

int kvm_vcpu_reset(struct kvm_vcpu *vcpu)
{
	int ret;

	begin(vcpu, "kvm_vcpu_reset");
	check_awake(vcpu, "kvm_vcpu_reset() of a CPU that sleeps");
	ret = fake_inject(FAKE_RESET);
	if (ret == 0) {
		reset_registers(vcpu);
		vcpu->timer_on = false;
		vcpu->owed = FAKE_OWED_NOTHING;
	}
	end(vcpu);
	return ret;
}

int kvm_vcpu_enter(struct kvm_vcpu *vcpu, const struct kvm_entry *entry)
{
	struct fake_entry made = {.entry = *entry, .vm = vcpu->vm->number};
	int ret;

	begin(vcpu, "kvm_vcpu_enter");
	check_awake(vcpu, "kvm_vcpu_enter() of a CPU that sleeps");
	ret = fake_inject(FAKE_ENTER);
	if (ret == 0) {
		made.reset = vcpu->ran;
		reset_registers(vcpu);
		vcpu->registers.pc = entry->pc;
		vcpu->registers.x[0] = entry->x0;
		vcpu->big_endian = entry->big_endian;
		vcpu->timer_on = vcpu->timer_on && entry->keep_timer;
		vcpu->owed = FAKE_OWED_NOTHING;
		made.timer_on = vcpu->timer_on;
		fake_log_entry(vcpu->index, &made);
	}
	end(vcpu);
	return ret;
}

int kvm_vcpu_set_waiting(struct kvm_vcpu *vcpu, bool waiting)
{
	int ret;

	begin(vcpu, "kvm_vcpu_set_waiting");
	ret = fake_inject(FAKE_SET_WAITING);
	if (ret == 0) {
		vcpu->waiting = waiting;
	}
	end(vcpu);
	return ret;
}

void kvm_vcpu_answer_mmio(struct kvm_vcpu *vcpu, uint64_t value)
{
	begin(vcpu, "kvm_vcpu_answer_mmio");
	if (vcpu->owed != FAKE_OWED_VALUE) {
		fake_misuse("kvm_vcpu_answer_mmio() without a read");
	}
	vcpu->owed = FAKE_OWED_NOTHING;
	fake_log_read(vcpu->index, value);
	end(vcpu);
}

static bool is_forwarded(const struct kvm_vm *vm, uint32_t fn_id)
{
	bool found = false;

	for (size_t i = 0; !found && i < vm->config.forward_count; i++) {
		found = fn_id - vm->forward[i].first < vm->forward[i].count;
	}
	return found;
}

/* Outputs that do not belong to an exit's kind hold rubbish. */
static void exit_as(struct kvm_exit *exit, enum kvm_exit_kind kind)
{
	memset(exit, 0xA5, sizeof(*exit));
	exit->kind = kind;
}

static bool give_up(struct kvm_exit *exit, const char *why, uint64_t pc)
{
	exit_as(exit, KVM_VCPU_FAILED);
	(void)snprintf(exit->detail, sizeof(exit->detail), "%s at 0x%llx", why,
		       (unsigned long long)pc);
	return true;
}

static bool do_call(struct kvm_vcpu *vcpu, const struct fake_op *op, struct kvm_exit *exit)
{
	struct fake_call call = {.fn_id = op->n, .forwarded = is_forwarded(vcpu->vm, op->n)};
	uint64_t *x = vcpu->registers.x;

	for (unsigned n = 0; n < REGISTER_COUNT; n++) {
		x[n] = FAKE_GUEST_X(vcpu->index, n);
	}
	x[0] = op->n;
	memcpy(&x[1], op->arg, sizeof(op->arg));
	vcpu->registers.pc += OP_BYTES;
	if (!call.forwarded) {
		call.returned = true;
		call.x0 = x[0] = FAKE_HOST_ANSWER;
		fake_log_call(vcpu->index, &call);
		return false;
	}
	fake_log_call(vcpu->index, &call);
	vcpu->owed = FAKE_OWED_X0;
	exit_as(exit, KVM_VCPU_CALL);
	exit->fn_id = op->n;
	return true;
}

static bool do_mmio(struct kvm_vcpu *vcpu, const struct fake_op *op, struct kvm_exit *exit)
{
	const uint8_t *rom;
	uint64_t value = 0;

	vcpu->registers.pc += OP_BYTES;
	if (op->kind == FAKE_OP_WRITE && fake_signal(vcpu->vm, op->arg[0], op->n, op->arg[1])) {
		return false;
	}
	rom = op->kind == FAKE_OP_READ ? fake_rom_at(vcpu->vm, op->arg[0], op->n) : NULL;
	if (rom != NULL) {
		memcpy(&value, rom, op->n);
		fake_log_read(vcpu->index, value);
		return false;
	}
	exit_as(exit, KVM_VCPU_MMIO);
	exit->ipa = op->arg[0];
	exit->len_bytes = op->n;
	exit->write = op->kind == FAKE_OP_WRITE;
	if (exit->write) {
		exit->value = op->arg[1];
	} else {
		vcpu->owed = FAKE_OWED_VALUE;
	}
	return true;
}

/* Devices look at RAM at any moment: a guest's accesses are whole. */
static bool do_ram(struct kvm_vcpu *vcpu, const struct fake_op *op, struct kvm_exit *exit)
{
	bool narrow = op->kind == FAKE_OP_STORE && op->n == sizeof(uint16_t);
	size_t len_bytes = narrow ? sizeof(uint16_t) : sizeof(uint64_t);
	void *at = guest_ram_at(&vcpu->vm->config.ram, op->arg[0], len_bytes);

	if (at == NULL || op->arg[0] % len_bytes != 0) {
		return give_up(exit, "a RAM access that misses it", vcpu->registers.pc);
	}
	vcpu->registers.pc += OP_BYTES;
	if (narrow) {
		__atomic_store_n((uint16_t *)at, (uint16_t)op->arg[1], __ATOMIC_RELEASE);
	} else if (op->kind == FAKE_OP_STORE) {
		__atomic_store_n((uint64_t *)at, op->arg[1], __ATOMIC_RELEASE);
	} else {
		fake_log_read(vcpu->index, __atomic_load_n((uint64_t *)at, __ATOMIC_ACQUIRE));
	}
	return false;
}

/* Waits for what is told by fake_vcpu_nudge(). */
static bool stay(struct kvm_vcpu *vcpu, bool over)
{
	if (over) {
		vcpu->registers.pc += OP_BYTES;
	} else {
		(void)pthread_cond_wait(&vcpu->changed, &vcpu->lock);
	}
	return false;
}

/* A loop without exits must not keep the lock for itself. */
static void breathe(struct kvm_vcpu *vcpu)
{
	pthread_mutex_unlock(&vcpu->lock);
	(void)sched_yield();
	pthread_mutex_lock(&vcpu->lock);
}

/* True for an exit. */
static bool execute(struct kvm_vcpu *vcpu, const struct fake_program *program,
		    const struct fake_op *op, struct kvm_exit *exit)
{
	uint64_t *pc = &vcpu->registers.pc;

	switch (op->kind) {
	case FAKE_OP_IDLE:
		return stay(vcpu, false);
	case FAKE_OP_GATE:
		return stay(vcpu, fake_gate_open(op->n));
	case FAKE_OP_WFI:
		return stay(vcpu, fake_gic_wakes(vcpu->vm, vcpu->index));
	case FAKE_OP_CALL:
		return do_call(vcpu, op, exit);
	case FAKE_OP_READ:
	case FAKE_OP_WRITE:
		return do_mmio(vcpu, op, exit);
	case FAKE_OP_LOAD:
	case FAKE_OP_STORE:
		return do_ram(vcpu, op, exit);
	case FAKE_OP_FAIL:
		return give_up(exit, "an instruction that can't be emulated", *pc);
	case FAKE_OP_GICD:
		fake_gic_turn(vcpu->vm, op->n != 0);
		break;
	case FAKE_OP_PMR:
		fake_gic_set_pmr(vcpu->vm, vcpu->index, (uint8_t)op->n);
		break;
	case FAKE_OP_ENABLE:
		fake_gic_enable(vcpu->vm, vcpu->index, op->n, (uint8_t)op->arg[0]);
		break;
	case FAKE_OP_ENDIAN:
		vcpu->big_endian = op->n != 0;
		break;
	case FAKE_OP_TIMER:
		vcpu->timer_on = true;
		break;
	case FAKE_OP_UNLESS:
		*pc += vcpu->registers.x[0] == op->arg[0] ? OP_BYTES : -(uint64_t)OP_BYTES;
		return false;
	case FAKE_OP_JUMP:
		breathe(vcpu);
		*pc = program->pc + (uint64_t)op->n * OP_BYTES;
		return false;
	}
	*pc += OP_BYTES;
	return false;
}

/* A stepped program does not move: its state is its own. */
static bool execute_step(struct kvm_vcpu *vcpu, const struct fake_program *program,
			 struct kvm_exit *exit)
{
	struct fake_op op = FAKE_IDLE;
	bool exits;

	program->step(program->ctx, vcpu->index, vcpu->registers.x[0], &op);
	exits = execute(vcpu, program, &op, exit);
	vcpu->registers.pc = program->pc;
	return exits;
}

static bool run_guest(struct kvm_vcpu *vcpu, struct kvm_exit *exit)
{
	uint64_t pc = vcpu->registers.pc;
	const struct fake_program *program = fake_program_at(pc);

	if (program == NULL) {
		return give_up(exit, "no program", pc);
	}
	if (program->step != NULL) {
		return execute_step(vcpu, program, exit);
	}
	return execute(vcpu, program, &program->ops[(pc - program->pc) / OP_BYTES], exit);
}

static bool sleep_on(struct kvm_vcpu *vcpu, struct kvm_exit *exit)
{
	if (fake_gic_wakes(vcpu->vm, vcpu->index)) {
		exit_as(exit, KVM_VCPU_WAKEUP);
		return true;
	}
	fake_log_asleep(vcpu->index, true);
	(void)pthread_cond_wait(&vcpu->changed, &vcpu->lock);
	fake_log_asleep(vcpu->index, false);
	return false;
}

/* One step; true for an exit. A kick comes before all else, as KVM's immediate_exit does. */
static bool advance(struct kvm_vcpu *vcpu, struct kvm_exit *exit)
{
	if (__atomic_load_n(&vcpu->kicked, __ATOMIC_SEQ_CST)) {
		exit_as(exit, KVM_VCPU_INTERRUPTED);
		return true;
	}
	return vcpu->waiting ? sleep_on(vcpu, exit) : run_guest(vcpu, exit);
}

void kvm_vcpu_run(struct kvm_vcpu *vcpu, struct kvm_exit *exit)
{
	begin(vcpu, "kvm_vcpu_run");
	if (!vcpu->attached) {
		fake_misuse("kvm_vcpu_run() before kvm_vcpu_attach()");
	}
	if (!vcpu->waiting && vcpu->owed != FAKE_OWED_NOTHING) {
		fake_misuse("kvm_vcpu_run() without an answer to the last exit");
		vcpu->owed = FAKE_OWED_NOTHING;
	}
	vcpu->in_run = true;
	vcpu->ran = true;
	(void)__atomic_add_fetch(&vcpu->vm->running, 1, __ATOMIC_SEQ_CST);
	if (fake_inject(FAKE_RUN) != 0) {
		(void)give_up(exit, "an error that the test asked for", vcpu->registers.pc);
	} else if (fake_run_interrupted()) {
		exit_as(exit, KVM_VCPU_INTERRUPTED);
	} else {
		while (!advance(vcpu, exit)) {
		}
	}
	(void)__atomic_sub_fetch(&vcpu->vm->running, 1, __ATOMIC_SEQ_CST);
	vcpu->in_run = false;
	end(vcpu);
}
