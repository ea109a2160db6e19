/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the recorder share.
 */
#ifndef VMM_HOST_RECORDER_INTERNAL_H
#define VMM_HOST_RECORDER_INTERNAL_H

#include <pthread.h>

#include "host/event_queue.h"
#include "host/rate_limit.h"
#include "host/recorder.h"
#include "host/store.h"

/**
 * enum recorder_start - what kind of start it is
 * @RECORDER_CLEAN:  the guest boots
 * @RECORDER_SAME:   it may resume, from an image that nobody vouches for: only as the same machine
 * @RECORDER_RESUME: it resumes
 */
enum recorder_start {
	RECORDER_CLEAN,
	RECORDER_SAME,
	RECORDER_RESUME,
};

/**
 * struct recorder - see recorder.h
 * @config:      as given
 * @start:       set by recorder_begin()
 * @before:      the state before the start
 * @machine:     from recorder_ready() on, until recorder_end()
 * @queue:       events that are not on record yet
 * @lock:        guards the store, the record and all below
 * @ending:      the machine is about to end: its state is no longer the guest's to change
 * @ending_ret:  what recording that came to
 * @ending_error: the text if it failed
 * @left_out:    events that are not told of yet
 * @transitions: limits those that a guest makes without end
 * @complaints:  limits lines of the log
 * @line:        the last one of the machine's log
 */
struct recorder {
	struct recorder_config config;
	enum recorder_start start;
	enum machine_state before;
	struct machine *machine;
	struct event_queue queue;
	pthread_mutex_t lock;
	bool ending;
	int ending_ret;
	struct vmm_error ending_error;
	unsigned left_out;
	struct rate_limit transitions;
	struct rate_limit complaints;
	char line[160];
};

/*
 * recorder.c: commits @next, a changed copy of the record, with what is said of it; @event's from,
 * to and, if it is 0, time are filled in. With the lock held. Changes nothing if it fails.
 */
int recorder_update(struct recorder *recorder, struct machine_record *next,
		    struct machine_event *event, struct vmm_error *error);

/* recorder.c: an event of torpor's own. @by of NULL: who asked last. */
struct machine_event recorder_event(struct recorder *recorder, const char *kind, const char *by,
				    const char *cause);

/* recorder.c: a line for the operator, unless there were too many. */
void recorder_complain(struct recorder *recorder, const char *line);

/* recorder_flush.c: puts what is queued on record, with what the guest's state has come to. */
void recorder_flush(struct recorder *recorder);

/* recorder_words.c: @queued as the history has it; @state: the machine's. Its detail is owned. */
void recorder_describe(const struct queued_event *queued, enum machine_state state,
		       struct machine_event *event);

/* recorder_identity.c: @machine must be the one that is on record; it gets that one's signature. */
int recorder_check_machine(struct recorder *recorder, struct vmm_error *error);

/* recorder_identity.c: @next becomes what the machine is, with a signature that it gets too. The
 * old description stays @recorder's record's. */
int recorder_note_machine(struct recorder *recorder, struct machine_record *next,
			  struct vmm_error *error);

/* recorder_discard.c: takes the mark off if that was asked for, and sees whether @next's discarded
 * image is gone. */
int recorder_look_for_discarded(struct recorder *recorder, struct machine_record *next,
				struct vmm_error *error);

/* recorder_resume.c: is it the machine that hibernated, with the same disks? */
int recorder_check_resume(struct recorder *recorder, struct vmm_error *error);

/* recorder_resume.c: fills what @next needs to be checked so. */
int recorder_save_disks(struct recorder *recorder, struct machine_record *next,
			struct vmm_error *error);

#endif /* VMM_HOST_RECORDER_INTERNAL_H */
