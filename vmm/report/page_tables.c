/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/page_tables.h"

#include <stdbool.h>
#include <stdlib.h>

#include "report/detail.h"
#include "report/text.h"

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static void put_moment(FILE *stream, int64_t time_ns)
{
	char text[TEXT_TIME_SIZE];

	text_time(time_ns, text);
	(void)fputs(text, stream);
}

static void put_second(FILE *stream, int64_t time_ns)
{
	char text[TEXT_TIME_SIZE];

	text_time(time_ns, text);
	(void)fprintf(stream, "%.19s", text);
}

void page_summary(FILE *stream, const struct history *history)
{
	if (history->count == 0) {
		(void)fputs("There are no machines.", stream);
		return;
	}
	(void)fprintf(stream, "%zu machine%s, from ", history->count, plural(history->count));
	put_second(stream, history->begin_ns);
	(void)fputs(" to ", stream);
	put_second(stream, history->end_ns);
	(void)fputs(" UTC", stream);
}

static size_t misdated(const struct history_machine *machine)
{
	size_t count = 0;

	for (size_t i = 0; i < machine->count; i++) {
		count += machine->events[i].time_ns != machine->events[i].shown_ns;
	}
	return count;
}

void page_notes(FILE *stream, const struct history *history)
{
	size_t dropped = 0;
	size_t wrong = 0;

	for (size_t i = 0; i < history->count; i++) {
		dropped += history->machines[i].dropped;
		wrong += misdated(&history->machines[i]);
	}
	if (dropped > 0) {
		(void)fprintf(stream,
			      "<p class=\"note\">%zu older event%s left out: of each machine the "
			      "newest %zu are shown.</p>\n",
			      dropped, dropped == 1 ? " is" : "s are", history->limit);
	}
	if (wrong > 0) {
		(void)fprintf(
			stream,
			"<p class=\"note\">The host&#39;s clock was set, and the times of %zu "
			"event%s do not fit their order. They are drawn at the time of the "
			"event before; the tables have what the clock said.</p>\n",
			wrong, plural(wrong));
	}
}

/**
 * struct detail_text - members, as they are put in a row
 * @stream: a buffer
 * @more:   there was one before
 */
struct detail_text {
	FILE *stream;
	bool more;
};

static void add_member(void *ctx, const char *name, const char *value, bool number)
{
	struct detail_text *text = ctx;

	(void)number;
	(void)fprintf(text->stream, "%s%s %s", text->more ? ", " : "", name, value);
	text->more = true;
}

void page_detail(FILE *stream, const struct history_event *event,
		 void (*put)(FILE *stream, const char *text))
{
	char *buffer = NULL;
	size_t size = 0;
	struct detail_text text = {.stream = open_memstream(&buffer, &size)};

	if (text.stream == NULL) {
		put(stream, "");
		return;
	}
	detail_members(event->detail, add_member, &text);
	put(stream, fclose(text.stream) == 0 && buffer != NULL ? buffer : "");
	free(buffer);
}

static void put_states(FILE *stream, const struct history_event *event)
{
	if (event->from != event->to) {
		(void)fprintf(stream, "%s &#8594; %s", machine_state_name(event->from),
			      machine_state_name(event->to));
	}
}

static void put_row(FILE *stream, const struct history_event *event)
{
	(void)fputs("<tr><td>", stream);
	put_moment(stream, event->time_ns);
	if (event->time_ns != event->shown_ns) {
		(void)fputs(" <i>clock was wrong</i>", stream);
	}
	(void)fputs("</td><td>", stream);
	text_html(stream, event->kind);
	(void)fputs("</td><td>", stream);
	put_states(stream, event);
	(void)fputs("</td><td>", stream);
	text_html(stream, event->cause);
	(void)fputs("</td><td>", stream);
	text_html(stream, event->by);
	(void)fputs("</td><td>", stream);
	page_detail(stream, event, text_html);
	(void)fputs("</td></tr>\n", stream);
}

static void put_table(FILE *stream, const struct history_machine *machine)
{
	(void)fputs("<details><summary><b>", stream);
	text_html(stream, machine->name);
	(void)fprintf(stream, "</b>now %s, %zu event%s</summary>\n",
		      machine_state_name(machine->state), machine->count, plural(machine->count));
	(void)fputs("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Events of ",
		    stream);
	text_html(stream, machine->name);
	(void)fputs("\"><table><thead><tr><th scope=\"col\">Time (UTC)</th>"
		    "<th scope=\"col\">Event</th><th scope=\"col\">State</th>"
		    "<th scope=\"col\">Cause</th><th scope=\"col\">By</th>"
		    "<th scope=\"col\">More</th></tr></thead>\n<tbody>\n",
		    stream);
	for (size_t i = 0; i < machine->count; i++) {
		put_row(stream, &machine->events[i]);
	}
	(void)fputs("</tbody></table></div></details>\n", stream);
}

void page_tables(FILE *stream, const struct history *history)
{
	if (history->count == 0) {
		(void)fputs("<p>There is nothing to show: create a machine by &#39;torpor "
			    "create&#39;.</p>\n",
			    stream);
	}
	for (size_t i = 0; i < history->count; i++) {
		put_table(stream, &history->machines[i]);
	}
}
