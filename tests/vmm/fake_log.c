/* SPDX-License-Identifier: BSD-3-Clause */
/* What CPUs did and were given, for tests to look at and to wait for. */
#include "check.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "fake_kvm_internal.h"

static struct fake_log logs[FAKE_CPU_COUNT_MAX];

void fake_logs_init(void)
{
	pthread_condattr_t attr;

	memset(logs, 0, sizeof(logs));
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	for (size_t i = 0; i < FAKE_CPU_COUNT_MAX; i++) {
		(void)pthread_mutex_init(&logs[i].lock, NULL);
		(void)pthread_cond_init(&logs[i].changed, &attr);
	}
	(void)pthread_condattr_destroy(&attr);
}

void fake_logs_free(void)
{
	for (size_t i = 0; i < FAKE_CPU_COUNT_MAX; i++) {
		(void)pthread_mutex_destroy(&logs[i].lock);
		(void)pthread_cond_destroy(&logs[i].changed);
	}
}

struct fake_log *fake_log_lock(uint32_t cpu)
{
	struct fake_log *log = &logs[cpu];

	pthread_mutex_lock(&log->lock);
	return log;
}

void fake_log_unlock(struct fake_log *log)
{
	pthread_cond_broadcast(&log->changed);
	pthread_mutex_unlock(&log->lock);
}

/* The call that is under way, or NULL if there was no more room for it. */
struct fake_call *fake_log_last_call(struct fake_log *log)
{
	return log->call_count > 0 && log->call_count <= FAKE_LOG_COUNT
		       ? &log->calls[log->call_count - 1]
		       : NULL;
}

void fake_log_call(uint32_t cpu, const struct fake_call *call)
{
	struct fake_log *log = fake_log_lock(cpu);

	if (log->call_count < FAKE_LOG_COUNT) {
		log->calls[log->call_count] = *call;
	}
	log->call_count++;
	if (call->returned) {
		log->returned_count = log->call_count;
	}
	fake_log_unlock(log);
}

void fake_log_return(uint32_t cpu, uint64_t x0)
{
	struct fake_log *log = fake_log_lock(cpu);
	struct fake_call *call = fake_log_last_call(log);

	if (call != NULL) {
		call->returned = true;
		call->x0 = x0;
	}
	log->returned_count = log->call_count;
	fake_log_unlock(log);
}

void fake_log_entry(uint32_t cpu, const struct fake_entry *entry)
{
	struct fake_log *log = fake_log_lock(cpu);

	if (log->entry_count < FAKE_LOG_COUNT) {
		log->entries[log->entry_count] = *entry;
	}
	log->entry_count++;
	fake_log_unlock(log);
}

void fake_log_read(uint32_t cpu, uint64_t value)
{
	struct fake_log *log = fake_log_lock(cpu);

	if (log->read_count < FAKE_LOG_COUNT) {
		log->reads[log->read_count] = value;
	}
	log->read_count++;
	fake_log_unlock(log);
}

void fake_log_asleep(uint32_t cpu, bool asleep)
{
	struct fake_log *log = fake_log_lock(cpu);

	log->asleep = asleep;
	fake_log_unlock(log);
}

unsigned fake_kvm_calls(uint32_t cpu)
{
	struct fake_log *log = fake_log_lock(cpu);
	unsigned count = log->call_count;

	fake_log_unlock(log);
	return count;
}

unsigned fake_kvm_entries(uint32_t cpu)
{
	struct fake_log *log = fake_log_lock(cpu);
	unsigned count = log->entry_count;

	fake_log_unlock(log);
	return count;
}

static bool has_calls(const struct fake_log *log, unsigned count)
{
	return log->returned_count >= count;
}

static bool has_entries(const struct fake_log *log, unsigned count)
{
	return log->entry_count >= count;
}

static bool has_reads(const struct fake_log *log, unsigned count)
{
	return log->read_count >= count;
}

static bool is_asleep(const struct fake_log *log, unsigned unused)
{
	(void)unused;
	return log->asleep;
}

static bool wait_for(uint32_t cpu, bool (*come)(const struct fake_log *log, unsigned count),
		     unsigned count)
{
	struct fake_log *log = &logs[cpu];
	struct timespec limit;
	bool is_there;
	int ret = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &limit);
	limit.tv_sec += FAKE_WAIT_S;
	pthread_mutex_lock(&log->lock);
	while (!come(log, count) && ret != ETIMEDOUT) {
		ret = pthread_cond_timedwait(&log->changed, &log->lock, &limit);
	}
	is_there = come(log, count);
	pthread_mutex_unlock(&log->lock);
	return is_there;
}

bool fake_kvm_wait_calls(uint32_t cpu, unsigned count)
{
	return wait_for(cpu, has_calls, count);
}

bool fake_kvm_wait_entries(uint32_t cpu, unsigned count)
{
	return wait_for(cpu, has_entries, count);
}

bool fake_kvm_wait_asleep(uint32_t cpu)
{
	return wait_for(cpu, is_asleep, 0);
}

bool fake_kvm_wait_reads(uint32_t cpu, unsigned count)
{
	return wait_for(cpu, has_reads, count);
}

struct fake_call fake_kvm_call(uint32_t cpu, unsigned n)
{
	struct fake_log *log = fake_log_lock(cpu);
	bool is_there = n < log->call_count && n < FAKE_LOG_COUNT;
	struct fake_call call = log->calls[is_there ? n : 0];

	fake_log_unlock(log);
	assert_true(is_there);
	return call;
}

struct fake_entry fake_kvm_entry(uint32_t cpu, unsigned n)
{
	struct fake_log *log = fake_log_lock(cpu);
	bool is_there = n < log->entry_count && n < FAKE_LOG_COUNT;
	struct fake_entry entry = log->entries[is_there ? n : 0];

	fake_log_unlock(log);
	assert_true(is_there);
	return entry;
}

uint64_t fake_kvm_read(uint32_t cpu, unsigned n)
{
	struct fake_log *log = fake_log_lock(cpu);
	bool is_there = n < log->read_count && n < FAKE_LOG_COUNT;
	uint64_t value = log->reads[is_there ? n : 0];

	fake_log_unlock(log);
	assert_true(is_there);
	return value;
}
