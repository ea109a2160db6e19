/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/console.h"
#include "cli/console_hub.h"
#include "cli/diag.h"
#include "cli/pidfile.h"
#include "cli/terminal.h"
#include "control/events.h"
#include "control/qmp.h"
#include "host/recorder.h"
#include "machine/description.h"

/* How long a reader of the console that does not read may hold up the end that the host wants. */
#define HOST_END_STALL_MS 2000
/* After that the log says that the guest did not react to its power key. */
#define POWER_KEY_LIMIT_S 60

enum {
	POLL_SIGNALS,
	POLL_MACHINE,
	POLL_CONTROL,
	POLL_RECORDER,
	POLL_CONSOLE,
	POLL_COUNT = POLL_CONSOLE + CONSOLE_POLL_COUNT,
};

/**
 * struct run - everything that lives as long as the machine
 * @signal_fd: SIGINT, SIGTERM, SIGHUP and SIGCONT
 * @console:   the guest's console
 * @hub:       where that leads to if nobody is at standard input, or NULL
 * @events:    --events
 * @control:   --control, or NULL
 * @machine:   the machine, or NULL
 * @recorder:  of its record, or NULL
 * @pidfile:   --pidfile once it is written, or NULL
 * @asked:     a signal has pressed the power key
 */
struct run {
	int signal_fd;
	struct console *console;
	struct console_hub *hub;
	struct event_log events;
	struct qmp_server *control;
	struct machine *machine;
	struct recorder *recorder;
	const char *pidfile;
	bool asked;
};

static void emit(void *ctx, const struct power_event *event)
{
	struct run *run = ctx;

	/* The file first: a client that heard of an event finds it there. */
	events_write(&run->events, event);
	/* On the main thread, as signals. Who asks a guest that has started over asks anew. */
	if (event->kind == POWER_EVENT_RESET) {
		run->asked = false;
	}
	if (run->recorder != NULL) {
		recorder_emit(run->recorder, event);
	}
	qmp_emit(run->control, event);
}

static void log_line(void *ctx, const char *line)
{
	struct run *run = ctx;

	diag_line(line);
	if (run->recorder != NULL) {
		recorder_log(run->recorder, line);
	}
}

static void give_tx(void *ctx, const uint8_t *bytes, size_t count)
{
	struct run *run = ctx;

	console_tx(run->console, bytes, count);
}

static size_t give_take(void *ctx, const uint8_t *bytes, size_t count, bool last)
{
	struct run *run = ctx;

	return console_take(run->console, bytes, count, last);
}

static void tell_ending(void *ctx, const struct power_event *event)
{
	struct run *run = ctx;

	recorder_ending(run->recorder, event);
}

static int commit(void *ctx, const struct power_event *event, struct vmm_error *error)
{
	struct run *run = ctx;

	return recorder_commit(run->recorder, event, error);
}

static int first_write(void *ctx)
{
	struct run *run = ctx;

	return recorder_first_write(run->recorder);
}

static void asked(void *ctx, uint32_t uid)
{
	struct run *run = ctx;

	recorder_asked(run->recorder, uid);
}

static void show_keys(void)
{
	diag_line("Ctrl-A p       presses the power key: the guest is asked to power off");
	diag_line("Ctrl-A x       ends the machine; the guest is not asked");
	diag_line("Ctrl-A h       shows this");
	diag_line("Ctrl-A Ctrl-A  sends Ctrl-A to the guest");
}

/* The signals that end the machine. */
static sigset_t end_signals(void)
{
	struct sigaction hang_up;
	sigset_t signals;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGTERM);
	/* nohup's wish; a blocked signal is not ignored, whatever its action. */
	if (sigaction(SIGHUP, NULL, &hang_up) == 0 && hang_up.sa_handler != SIG_IGN) {
		(void)sigaddset(&signals, SIGHUP);
	}
	return signals;
}

/* Before there are threads, so that all of them have these signals blocked. */
static int open_signals(struct vmm_error *error)
{
	sigset_t signals = end_signals();
	int fd;

	(void)sigaddset(&signals, SIGCONT);
	(void)signal(SIGPIPE, SIG_IGN);
	/* A file size limit is then an error of the write, which the guest is told. */
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
	fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0) {
		vmm_error_set(error, "signals cannot be received: %s", strerror(errno));
	}
	return fd;
}

static bool press_power_key(struct run *run)
{
	return machine_press_key(run->machine, POWER_KEY_POWER, POWER_REASON_HOST_SIGNAL,
				 POWER_KEY_LIMIT_S);
}

/*
 * The guest is asked first. Who asks again does not want to wait; who hung up can't ask again; a
 * guest that is paused can't react, and one that has not started has nothing to lose.
 */
static void take_end_signal(struct run *run, uint32_t number)
{
	bool paused = machine_status(run->machine) == MACHINE_STATUS_PAUSED;

	if (run->asked || number == SIGHUP || paused || !press_power_key(run)) {
		machine_end_by_host(run->machine, POWER_REASON_HOST_SIGNAL);
		return;
	}
	run->asked = true;
	diag_line("the guest is asked to power off; another signal ends it at once");
}

static void take_signals(struct run *run)
{
	struct signalfd_siginfo info;

	while (read(run->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCONT) {
			terminal_continued();
		} else {
			if (run->recorder != NULL) {
				recorder_asked(run->recorder, info.ssi_uid);
			}
			take_end_signal(run, info.ssi_signo);
		}
	}
}

/* As it is for what runs in the background. */
static bool nobody_types(void)
{
	struct stat input;
	struct stat nothing;

	return fstat(STDIN_FILENO, &input) == 0 && stat("/dev/null", &nothing) == 0 &&
	       S_ISCHR(input.st_mode) && input.st_rdev == nothing.st_rdev;
}

static bool open_hub(struct run *run, const struct run_options *options,
		     struct console_config *config, struct vmm_error *error)
{
	run->hub = console_hub_open(options->console_socket, options->console_log, error);
	if (run->hub != NULL) {
		config->in_fd = console_hub_in(run->hub);
		config->out_fd = console_hub_out(run->hub);
	}
	return run->hub != NULL;
}

static bool open_console(struct run *run, const struct run_options *options,
			 struct vmm_error *error)
{
	bool is_terminal = isatty(STDIN_FILENO) == 1;
	bool is_raw = terminal_raw(STDIN_FILENO);
	struct console_config config = {
		/* A process in the background that reads its terminal is stopped. */
		.in_fd = is_terminal && !is_raw ? -1 : STDIN_FILENO,
		.out_fd = STDOUT_FILENO,
		.terminal = is_raw,
		.log = diag_log,
	};

	if (options->console_socket != NULL && nobody_types() &&
	    !open_hub(run, options, &config, error)) {
		return false;
	}
	run->console = console_create(&config, error);
	if (run->console != NULL && is_raw) {
		diag_line("the console is on this terminal: Ctrl-A p asks the guest to power off, "
			  "Ctrl-A h shows the keys");
	}
	return run->console != NULL;
}

/* What the options name and only opening it can check. */
static bool open_files(struct run *run, const struct run_options *options, struct vmm_error *error)
{
	/* Before the signals: a FIFO may make it wait, which Ctrl-C should end. */
	if (!events_open(&run->events, options->events, diag_log, NULL, error)) {
		return false;
	}
	run->signal_fd = open_signals(error);
	if (run->signal_fd < 0) {
		return false;
	}
	if (options->control != NULL) {
		run->control = qmp_open(options->control, error);
		if (run->control == NULL) {
			return false;
		}
		if (run->recorder != NULL) {
			qmp_set_asker(run->control, asked, run);
		}
	}
	if (options->pidfile != NULL) {
		if (!pidfile_write(options->pidfile, error)) {
			return false;
		}
		run->pidfile = options->pidfile;
	}
	return true;
}

/* What is not given is the machine's own: another one has another. */
static bool sign(const struct run *run, const struct run_options *options, struct vmm_error *error)
{
	uint32_t signature = options->hardware_signature;
	char *text = NULL;

	if (run->recorder != NULL) {
		return recorder_ready(run->recorder, run->machine, error) == 0;
	}
	if (options->machine.firmware_tables != MACHINE_TABLES_ACPI) {
		return true;
	}
	if (signature == 0) {
		if (machine_describe(run->machine, &text, error) != 0) {
			return false;
		}
		signature = description_signature(text, 0);
		free(text);
	}
	machine_set_hardware_signature(run->machine, signature);
	return true;
}

static struct machine_host host_of(struct run *run)
{
	struct machine_host host = {
		.events = {.emit = emit, .ctx = run},
		.console_tx = give_tx,
		.console_take = give_take,
		.log = log_line,
		.ctx = run,
	};

	if (run->recorder != NULL) {
		host.ending = tell_ending;
		host.commit = commit;
		host.first_write = first_write;
	}
	return host;
}

static bool start(struct run *run, const struct run_options *options, struct vmm_error *error)
{
	const struct machine_host host = host_of(run);

	if (!open_console(run, options, error)) {
		return false;
	}
	run->machine = machine_create(&options->machine, &host, error);
	if (run->machine == NULL || !sign(run, options, error)) {
		return false;
	}
	if (run->control != NULL) {
		qmp_set_machine(run->control, run->machine, options->machine.cpu_count);
	}
	take_signals(run);
	return machine_start(run->machine, error) == 0;
}

static void wait_for_work(struct run *run, struct pollfd polls[POLL_COUNT])
{
	polls[POLL_SIGNALS] = (struct pollfd){.fd = run->signal_fd, .events = POLLIN};
	polls[POLL_MACHINE] = (struct pollfd){.fd = machine_fd(run->machine), .events = POLLIN};
	polls[POLL_CONTROL] = (struct pollfd){
		.fd = run->control != NULL ? qmp_fd(run->control) : -1,
		.events = POLLIN,
	};
	polls[POLL_RECORDER] = (struct pollfd){
		.fd = run->recorder != NULL ? recorder_fd(run->recorder) : -1,
		.events = POLLIN,
	};
	console_wait_begin(run->console, &polls[POLL_CONSOLE]);
	if (poll(polls, POLL_COUNT, -1) < 0) {
		/* Interrupted by a signal that somebody handles: nothing is known. */
		for (size_t i = 0; i < POLL_COUNT; i++) {
			polls[i].revents = 0;
		}
	}
	console_wait_end(run->console);
}

static void take_input(struct run *run, const struct pollfd polls[POLL_COUNT])
{
	switch (console_input(run->console, &polls[POLL_CONSOLE])) {
	case ESCAPE_NONE:
	case ESCAPE_DETACH:
		break;
	case ESCAPE_END:
		machine_end_by_host(run->machine, POWER_REASON_HOST_SIGNAL);
		break;
	case ESCAPE_POWER:
		(void)press_power_key(run);
		break;
	case ESCAPE_HELP:
		show_keys();
		break;
	}
	console_offer(run->console, run->machine);
}

static enum machine_end loop(struct run *run)
{
	struct pollfd polls[POLL_COUNT];

	for (;;) {
		enum machine_end end = MACHINE_RUNNING;

		wait_for_work(run, polls);
		console_output(run->console);
		if (polls[POLL_SIGNALS].revents != 0) {
			take_signals(run);
		}
		if (polls[POLL_CONTROL].revents != 0) {
			qmp_dispatch(run->control);
		}
		if (polls[POLL_RECORDER].revents != 0) {
			recorder_dispatch(run->recorder);
		}
		take_input(run, polls);
		if (polls[POLL_MACHINE].revents != 0) {
			end = machine_dispatch(run->machine);
		}
		if (end != MACHINE_RUNNING) {
			return end;
		}
		console_offer(run->console, run->machine);
	}
}

/* For someone at a terminal. Why it failed or crashed has been logged. */
static void tell_end(enum machine_end end, bool has_name)
{
	switch (end) {
	case MACHINE_END_HIBERNATED:
		diag_line(has_name ? "the guest hibernated; the next start resumes it"
				   : "the guest hibernated; the same command line resumes it");
		break;
	case MACHINE_END_RESET:
		diag_line("the guest reset, and --no-reboot ends the machine there");
		break;
	case MACHINE_END_OFF:
	case MACHINE_END_CRASHED:
	case MACHINE_END_FAILED:
	case MACHINE_END_HOST:
	case MACHINE_RUNNING:
		break;
	}
}

/* A reader that does not read ends with a signal, or soon if the host wants it so. */
static void flush_console(struct run *run, enum machine_end end)
{
	sigset_t signals = end_signals();

	if (run->console != NULL) {
		(void)signalfd(run->signal_fd, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
		console_flush(run->console, run->signal_fd,
			      end == MACHINE_END_HOST ? HOST_END_STALL_MS : -1);
	}
}

/* @why: see recorder_end(). */
static void finish(struct run *run, enum machine_end end, const char *why)
{
	if (run->control != NULL) {
		qmp_set_machine(run->control, NULL, 0);
	}
	if (run->recorder != NULL) {
		recorder_end(run->recorder, why);
	}
	machine_destroy(run->machine);
	/* First, so that Ctrl-C is a signal again. */
	terminal_restore();
	flush_console(run, end);
	qmp_close(run->control);
	events_close(&run->events);
	if (run->pidfile != NULL) {
		pidfile_remove(run->pidfile);
	}
	console_destroy(run->console);
	console_hub_close(run->hub);
	if (run->signal_fd >= 0) {
		(void)close(run->signal_fd);
	}
}

int run_machine(const struct run_options *options, struct recorder *recorder)
{
	struct run run = {.signal_fd = -1, .events = {.fd = -1}, .recorder = recorder};
	enum machine_end end = MACHINE_END_FAILED;
	struct vmm_error error = {.text = ""};

	if (!open_files(&run, options, &error)) {
		finish(&run, end, error.text);
		diag_line(error.text);
		return RUN_STATUS_USAGE;
	}
	if (!start(&run, options, &error)) {
		finish(&run, end, error.text);
		diag_line(error.text);
		return error.bad_input ? RUN_STATUS_USAGE : RUN_STATUS_FAILED;
	}
	end = loop(&run);
	finish(&run, end, NULL);
	tell_end(end, recorder != NULL);
	return (int)end;
}
