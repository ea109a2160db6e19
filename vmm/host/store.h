/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the records of machines are kept: the seam to the store.
 *
 * store_sqlite.c keeps them in a file; unit tests bring one that forgets. Each function that
 * changes something is one transaction: when it has returned 0 the change survives a crash of the
 * host, and else nothing has changed. Any number of processes may have the store open. A struct
 * store is for one thread at a time.
 *
 * Functions return 0, or -errno with @error filled.
 */
#ifndef VMM_HOST_STORE_H
#define VMM_HOST_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "host/record.h"

struct store;

/**
 * store_open() - open the store, and make or upgrade it if need be
 * @store: set on success
 * @home:  the folder that it is in; made if it is not there
 *
 * Return: -EPROTO if a newer torpor made it.
 */
int store_open(struct store **store, const char *home, struct vmm_error *error);

/** store_close() - close it; NULL is allowed */
void store_close(struct store *store);

/**
 * store_get() - read a machine
 * @record: filled on success; for record_free()
 *
 * Return: -ENOENT if there is none of that name.
 */
int store_get(struct store *store, const char *name, struct machine_record *record,
	      struct vmm_error *error);

/**
 * store_list() - the names of all machines, in order
 * @names: set; free() each, and the array
 * @count: of @names
 */
int store_list(struct store *store, char ***names, size_t *count, struct vmm_error *error);

/**
 * store_add() - keep a new machine
 * @record: @id and @revision are set on success
 * @event:  the first of its history; @id and @machine are ignored
 *
 * Return: -EEXIST if there is one of that name.
 */
int store_add(struct store *store, struct machine_record *record, const struct machine_event *event,
	      struct vmm_error *error);

/**
 * store_update() - change a machine, and say why
 * @record: as it was read, and changed; its @revision rises on success
 * @event:  for its history; @id and @machine are ignored
 *
 * Return: -ESTALE if somebody else has changed it since it was read; -ENOENT if it is gone.
 */
int store_update(struct store *store, struct machine_record *record,
		 const struct machine_event *event, struct vmm_error *error);

/**
 * store_remove() - forget a machine and its history
 * @record: as it was read
 *
 * Return: as store_update().
 */
int store_remove(struct store *store, const struct machine_record *record, struct vmm_error *error);

/**
 * store_log() - add to a machine's history without changing it
 * @id:     the machine's
 * @events: in order; @id and @machine are ignored
 *
 * Return: -ENOENT if it is gone.
 */
int store_log(struct store *store, int64_t id, const struct machine_event *events, size_t count,
	      struct vmm_error *error);

/**
 * store_events() - read the history
 * @name:  of one machine, or NULL for all
 * @after: events with a greater id only; 0 for all
 * @take:  is given each, in order, to look at during the call. Ends the reading by false
 * @ctx:   passed to @take
 */
int store_events(struct store *store, const char *name, int64_t after,
		 bool (*take)(void *ctx, const struct machine_event *event), void *ctx,
		 struct vmm_error *error);

#endif /* VMM_HOST_STORE_H */
