/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/detail.h"

#include <json-c/json.h>

void detail_members(const char *detail,
		    void (*take)(void *ctx, const char *name, const char *value, bool number),
		    void *ctx)
{
	struct json_object *object;

	if (detail == NULL) {
		return;
	}
	object = json_tokener_parse(detail);
	if (json_object_is_type(object, json_type_object)) {
		json_object_object_foreach(object, name, value)
		{
			take(ctx, name, json_object_get_string(value) ?: "null",
			     json_object_is_type(value, json_type_int));
		}
	} else {
		take(ctx, "detail", detail, false);
	}
	(void)json_object_put(object);
}
