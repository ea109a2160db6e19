/* SPDX-License-Identifier: BSD-3-Clause */
/* What an event's detail, a JSON object, has to say. */
#ifndef VMM_REPORT_DETAIL_H
#define VMM_REPORT_DETAIL_H

#include <stdbool.h>

/**
 * detail_members() - give each member
 * @detail: as in struct machine_event, or NULL; what is no JSON object is one member "detail"
 * @take:   is given a member; @number: its value is a whole number
 */
void detail_members(const char *detail,
		    void (*take)(void *ctx, const char *name, const char *value, bool number),
		    void *ctx);

#endif /* VMM_REPORT_DETAIL_H */
