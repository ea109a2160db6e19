/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device tree's idle states and power domains are the machine's, laid out as Linux reads them;
 * and what outlasts a warm reset is reserved.
 */
#include "fdt_tree.h"

#include "platform/idle_states.h"
#include "platform/layout.h"

#define CPUS 5U

static const uint64_t mpidrs[CPUS] = {0, 1, 0x100, 0x101, 0x10000};
static const char *const cpu_paths[CPUS] = {"/cpus/cpu@0", "/cpus/cpu@1", "/cpus/cpu@100",
					    "/cpus/cpu@101", "/cpus/cpu@10000"};

static struct fdt_config config_of(bool idle, uint32_t cluster_count)
{
	return (struct fdt_config){
		.ram_ipa = LAYOUT_RAM_BASE,
		.ram_size_bytes = UINT64_C(512) << 20,
		.mpidrs = mpidrs,
		.cpu_count = CPUS,
		.psci_version = 0x10003,
		.idle_states = idle,
		.cluster_count = cluster_count,
	};
}

/* A guest that hibernated has read them already: they are the machine type's. */
static void values_never_change(void **state)
{
	static const uint32_t power_states[IDLE_STATE_COUNT] = {0x00000001, 0x00010003, 0x01011023,
								0x01011033};
	static const uint32_t latencies[IDLE_STATE_COUNT][3] = {
		{20, 40, 200}, {60, 200, 2000}, {80, 220, 4000}, {100, 250, 10000}};

	(void)state;
	for (unsigned i = 0; i < IDLE_STATE_COUNT; i++) {
		assert_int_equal(idle_states[i].power_state, power_states[i]);
		assert_int_equal(idle_states[i].entry_us, latencies[i][0]);
		assert_int_equal(idle_states[i].exit_us, latencies[i][1]);
		assert_int_equal(idle_states[i].min_us, latencies[i][2]);
	}
}

static void none_unless_asked_for(void **state)
{
	struct fdt_config config = config_of(false, 0);
	void *fdt = build(&config);

	(void)state;
	assert_false(has(fdt, "/cpus/idle-states"));
	assert_false(has(fdt, "/cpus/domain-idle-states"));
	assert_false(has(fdt, "/cpus/cpu-map"));
	assert_false(has(fdt, "/psci/power-domain-cpu0"));
	assert_false(has(fdt, "/reserved-memory"));
	assert_null(prop(fdt, "/cpus/cpu@0", "cpu-idle-states", NULL));
	assert_null(prop(fdt, "/cpus/cpu@0", "power-domains", NULL));
	test_free(fdt);
}

static void assert_state(const void *fdt, const char *folder, uint32_t index,
			 const char *compatible)
{
	const struct idle_state *want = &idle_states[index];
	char path[64];

	(void)snprintf(path, sizeof(path), "/cpus/%s/%s", folder, want->name);
	assert_strings(fdt, path, "compatible", compatible, strlen(compatible) + 1);
	assert_int_equal(cell(fdt, path, "arm,psci-suspend-param", 0), want->power_state);
	assert_int_equal(cell(fdt, path, "entry-latency-us", 0), want->entry_us);
	assert_int_equal(cell(fdt, path, "exit-latency-us", 0), want->exit_us);
	assert_int_equal(cell(fdt, path, "min-residency-us", 0), want->min_us);
	/* Timers go on, as the timer's always-on says. */
	assert_null(prop(fdt, path, "local-timer-stop", NULL));
}

/* Each CPU has both states, whatever the PSCI version. */
static void cpus_have_their_states(void **state)
{
	static const uint32_t versions[] = {0x1, 0x2, 0x10000, 0x10003};
	struct fdt_config config = config_of(true, 0);

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		void *fdt;

		config.psci_version = versions[i];
		fdt = build(&config);
		assert_strings(fdt, "/cpus/idle-states", "entry-method", "psci", 5);
		assert_state(fdt, "idle-states", 0, "arm,idle-state");
		assert_state(fdt, "idle-states", 1, "arm,idle-state");
		for (unsigned cpu = 0; cpu < CPUS; cpu++) {
			assert_points(fdt, cpu_paths[cpu], "cpu-idle-states", 0,
				      "/cpus/idle-states/cpu-standby");
			assert_points(fdt, cpu_paths[cpu], "cpu-idle-states", 1,
				      "/cpus/idle-states/cpu-powerdown");
			assert_null(prop(fdt, cpu_paths[cpu], "power-domains", NULL));
		}
		assert_false(has(fdt, "/cpus/domain-idle-states"));
		assert_false(has(fdt, "/cpus/cpu-map"));
		test_free(fdt);
	}
}

/* CPU below its own domain, below its cluster's, below the system's: as arm/psci.yaml has it. */
static void clusters_are_domains(void **state)
{
	static const unsigned cluster_of[CPUS] = {0, 0, 0, 1, 1};
	struct fdt_config config = config_of(true, 2);
	void *fdt = build(&config);

	(void)state;
	assert_state(fdt, "domain-idle-states", 2, "domain-idle-state");
	assert_state(fdt, "domain-idle-states", 3, "domain-idle-state");
	for (unsigned cpu = 0; cpu < CPUS; cpu++) {
		char domain[64];
		char cluster[64];

		(void)snprintf(domain, sizeof(domain), "/psci/power-domain-cpu%u", cpu);
		(void)snprintf(cluster, sizeof(cluster), "/psci/power-domain-cluster%u",
			       cluster_of[cpu]);
		assert_points(fdt, cpu_paths[cpu], "power-domains", 0, domain);
		assert_strings(fdt, cpu_paths[cpu], "power-domain-names", "psci", 5);
		assert_points(fdt, domain, "domain-idle-states", 1,
			      "/cpus/idle-states/cpu-powerdown");
		assert_points(fdt, domain, "power-domains", 0, cluster);
		assert_points(fdt, cluster, "domain-idle-states", 0,
			      "/cpus/domain-idle-states/cluster-retention");
		assert_points(fdt, cluster, "domain-idle-states", 1,
			      "/cpus/domain-idle-states/cluster-powerdown");
		assert_points(fdt, cluster, "power-domains", 0, "/psci/power-domain-system0");
	}
	assert_int_equal(cell(fdt, "/psci/power-domain-system0", "#power-domain-cells", 0), 0);
	assert_false(has(fdt, "/psci/power-domain-cluster2"));
	test_free(fdt);
}

/* The same clusters are the topology that the guest's scheduler sees. */
static void clusters_are_the_topology(void **state)
{
	struct fdt_config config = config_of(true, 2);
	void *fdt = build(&config);

	(void)state;
	assert_points(fdt, "/cpus/cpu-map/cluster0/core0", "cpu", 0, cpu_paths[0]);
	assert_points(fdt, "/cpus/cpu-map/cluster0/core2", "cpu", 0, cpu_paths[2]);
	assert_points(fdt, "/cpus/cpu-map/cluster1/core0", "cpu", 0, cpu_paths[3]);
	assert_points(fdt, "/cpus/cpu-map/cluster1/core1", "cpu", 0, cpu_paths[4]);
	assert_false(has(fdt, "/cpus/cpu-map/cluster1/core2"));
	assert_false(has(fdt, "/cpus/cpu-map/cluster2"));
	test_free(fdt);
}

/* For any number of CPUs: each cluster has one, neighbours are together, sizes differ by one. */
static void clusters_are_even(void **state)
{
	(void)state;
	for (uint32_t cpus = 1; cpus <= 40; cpus++) {
		for (uint32_t clusters = 1; clusters <= cpus; clusters++) {
			uint32_t sizes[40] = {0};
			uint32_t last = 0;

			for (uint32_t cpu = 0; cpu < cpus; cpu++) {
				uint32_t cluster = idle_cluster_of(cpu, cpus, clusters);

				assert_in_range(cluster, last, last + 1);
				sizes[cluster]++;
				last = cluster;
			}
			assert_int_equal(last, clusters - 1);
			for (uint32_t cluster = 0; cluster < clusters; cluster++) {
				assert_in_range(sizes[cluster], cpus / clusters,
						(cpus + clusters - 1) / clusters);
			}
		}
	}
}

/* At the end of RAM; its parts, in powers of two, are what it has and no more. */
static void ramoops_is_reserved(void **state)
{
	(void)state;
	for (uint64_t size = 0x10000; size <= 0x4000000; size *= 2) {
		struct fdt_config config = config_of(false, 0);
		uint64_t base = LAYOUT_RAM_BASE + config.ram_size_bytes - size;
		uint32_t parts = 0;
		char path[64];
		void *fdt;

		config.ramoops_size_bytes = size;
		fdt = build(&config);
		(void)snprintf(path, sizeof(path), "/reserved-memory/ramoops@%llx",
			       (unsigned long long)base);
		assert_strings(fdt, path, "compatible", "ramoops", 8);
		assert_true(cell64(fdt, path, "reg", 0) == base);
		assert_true(cell64(fdt, path, "reg", 1) == size);
		assert_int_equal(cell(fdt, path, "record-size", 0), 0x4000);
		parts += cell(fdt, path, "console-size", 0);
		parts += cell(fdt, path, "pmsg-size", 0);
		assert_int_equal(parts, size / 2);
		assert_int_equal((size - parts) % 0x4000, 0);
		assert_true(cell64(fdt, "/memory@40000000", "reg", 1) == UINT64_C(512) << 20);
		test_free(fdt);
	}
}

static void dtc_has_no_warning(void **state)
{
	struct fdt_config config;

	(void)state;
	skip_without_dtc();
	for (uint32_t clusters = 0; clusters <= CPUS; clusters++) {
		config = config_of(true, clusters);
		config.ramoops_size_bytes = 0x100000;
		assert_dtc_is_content(&config);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_never_change),
		cmocka_unit_test(none_unless_asked_for),
		cmocka_unit_test(cpus_have_their_states),
		cmocka_unit_test(clusters_are_domains),
		cmocka_unit_test(clusters_are_the_topology),
		cmocka_unit_test(clusters_are_even),
		cmocka_unit_test(ramoops_is_reserved),
		cmocka_unit_test(dtc_has_no_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
