/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/who.h"

#include <pwd.h>
#include <stdio.h>

#define LINE_BYTES 1024

void who_is(uint32_t uid, char who[WHO_SIZE])
{
	/* Not getpwuid(): a static program has no name service. */
	FILE *users = fopen("/etc/passwd", "re");
	struct passwd space;
	struct passwd *user = NULL;
	char line[LINE_BYTES];

	(void)snprintf(who, WHO_SIZE, "user %u", uid);
	while (users != NULL && fgetpwent_r(users, &space, line, sizeof(line), &user) == 0) {
		if (user->pw_uid == uid) {
			(void)snprintf(who, WHO_SIZE, "user %s", user->pw_name);
			break;
		}
	}
	if (users != NULL) {
		(void)fclose(users);
	}
}
