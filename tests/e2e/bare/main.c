/* SPDX-License-Identifier: BSD-3-Clause */
#include "bare.h"

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{"suspend", case_suspend},
	{"powerdown", case_powerdown},
	{"naps", case_naps},
	{"endian", case_endian},
	{"on", case_on},
	{"race", case_race},
	{"cycles", case_cycles},
	{"asleep", case_asleep},
	{"freeze", case_freeze},
	{"system", case_system},
	{"ids", case_ids},
	{"features", case_features},
	{"arguments", case_arguments},
	{"bus", case_bus},
	{"processor", case_processor},
	{"off2", case_off2},
	{"off2-narrow", case_off2_narrow},
	{"last", case_last},
	{"reset", case_reset},
	{"clock", case_clock},
	{"bench-calls", case_bench_calls},
	{"bench-suspend", case_bench_suspend},
	{"bench-on", case_bench_on},
	{"bench-on-all", case_bench_on_all},
};

/* What follows @key in the command line, or NULL. */
static const char *option(const char *line, const char *key)
{
	for (; *line != '\0'; line++) {
		unsigned n = 0;

		while (key[n] != '\0' && line[n] == key[n]) {
			n++;
		}
		if (key[n] == '\0') {
			return line + n;
		}
	}
	return NULL;
}

static bool ends_name(char c)
{
	return c == ',' || c == ' ' || c == '\0';
}

/* The first name of a list; the rest of the list is what is returned. */
static const char *run_first(const char *list)
{
	unsigned n;

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (n = 0; cases[i].name[n] != '\0' && cases[i].name[n] == list[n]; n++) {
		}
		if (cases[i].name[n] == '\0' && ends_name(list[n])) {
			case_begin(cases[i].name);
			cases[i].run();
			case_end();
			return list + n;
		}
	}
	say("not ok no such case: %s", list);
	end_machine();
}

u64 boot_time;

void main(const void *tree, u64 time);
void main(const void *tree, u64 time)
{
	struct machine_facts facts;
	const char *list;

	boot_time = time;
	write_register(vbar_el1, vectors);
	features_find();
	fdt_read(tree, &facts);
	ram_end = facts.ram_end;
	if ((u64)_start != RAM_BASE + TEXT_OFFSET) {
		say("not ok loaded at %x, linked for %x", (u64)_start, RAM_BASE + TEXT_OFFSET);
		end_machine();
	}
	psci_version = (u32)psci(FN32(VERSION), 0, 0, 0);
	cpus_find();
	gic_init();
	gic_init_cpu(&cpus[0]);
	say("bare: psci %x cpus %x", (u64)psci_version, (u64)cpu_count);
	list = option(facts.bootargs, "case=");
	while (list != NULL && *list != ' ' && *list != '\0') {
		list = run_first(list);
		list += *list == ',';
	}
	say("the end");
	end_machine();
}
