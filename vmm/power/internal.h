/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of this folder share.
 */
#ifndef VMM_POWER_INTERNAL_H
#define VMM_POWER_INTERNAL_H

#include <pthread.h>
#include <sys/types.h>
#include <time.h>
#include "platform/idle_states.h"
#include "power/power.h"

/* What a vCPU's thread does next. Its own, but for power_boot() before there is a thread. */
enum vcpu_activity {
	VCPU_PARKED,
	VCPU_RUNNING,
	VCPU_WAITING, /* in CPU_SUSPEND */
	VCPU_WAITING_SYSTEM, /* in SYSTEM_SUSPEND */
};

struct vcpu {
	struct power *power;
	uint32_t index;
	struct kvm_vcpu *kvm;
	pthread_t thread;
	bool has_thread;
	enum vcpu_activity activity;
	bool kicked; /* look at what others ask before going on */
	pthread_mutex_t lock; /* of the members below */
	pthread_cond_t changed;
	bool start; /* the start op named this CPU */
	bool stop;
	bool pause; /* to stay out of KVM until this is false again; over resets */
	bool paused; /* and it does */
	pid_t thread_id; /* 0 until the thread runs */
	struct power_cpu_info *query; /* to be filled by the thread; NULL once it is */
};

struct power {
	struct power_config config;
	struct torpor_machine core;
	struct torpor_cpu *cpus;
	uint16_t *mpidr_index;
	struct torpor_power_state *states; /* NULL without idle states; likewise: */
	struct torpor_node *nodes;
	struct torpor_stat *stats;
	struct vcpu *vcpus;
	struct kvm_vm *vm;
	const struct mmio_bus *bus;
	bool booted;
	bool paused;
	bool has_counter; /* of the member below */
	uint64_t counter; /* what the guest's clock showed when it was paused */
	pthread_mutex_t event_lock; /* keeps events in order */
	pthread_mutex_t end_lock; /* of the member below */
	struct power_end end;
};

/* port.c */
int port_init(struct power *power, struct vmm_error *error);

/* idle.c: fills in what idle states need; without them does nothing. */
int idle_init(struct power *power, struct torpor_config *config, struct torpor_cpu_config *cpus);
void idle_free(struct power *power);

/* vcpu.c */
int vcpu_begin(struct vcpu *vcpu, struct vmm_error *error);
void vcpu_end(struct vcpu *vcpu);
void vcpu_poke(struct vcpu *vcpu);
bool vcpu_query(struct vcpu *vcpu, struct power_cpu_info *info);
void vcpu_pause_begin(struct vcpu *vcpu);
bool vcpu_pause_wait(struct vcpu *vcpu, const struct timespec *limit); /* false: too late */
void vcpu_pause_end(struct vcpu *vcpu);
pid_t vcpu_thread_id(struct vcpu *vcpu);
void vcpu_crash(struct vcpu *vcpu, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* call.c: a forwarded call, and what to do after one. */
void vcpu_call(struct vcpu *vcpu, uint32_t fn_id);
void vcpu_act(struct vcpu *vcpu, enum torpor_action action, const struct torpor_call *call);

/* wait.c: a vCPU that sleeps. */
void vcpu_wait_begin(struct vcpu *vcpu, enum vcpu_activity activity);
void vcpu_wait(struct vcpu *vcpu);
void vcpu_wait_poll(struct vcpu *vcpu);

/* wake_source.c: an INTID that is pending for @cpu, or -1. */
int32_t wake_source(struct power *power, uint32_t cpu);

/* pause.c: the guest's clock stands still from now on. */
void pause_clock(struct power *power);

/* power.c: power_emit() for one that holds event_lock. */
void power_emit_locked(struct power *power, const struct power_event *event);

/* power.c: records how the boot ended, once, and tells the machine. */
void power_ended(struct power *power, const struct power_end *end);

#endif /* VMM_POWER_INTERNAL_H */
