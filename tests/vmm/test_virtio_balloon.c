/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of devices/virtio_balloon.h and balloon_pages.h. */
#include "check.h"

#include <linux/virtio_balloon.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "devices/virtio_balloon.h"
#include "leaks.h"
#include "platform/layout.h"
#include "virtio_rings.h"

#ifndef VIRTIO_BALLOON_F_REPORTING
#define VIRTIO_BALLOON_F_REPORTING 5
#endif

#define BIT(number) (UINT64_C(1) << (number))
#define RAM_BYTES (UINT64_C(64) << 20)
#define ALL_FEATURES                                                                               \
	(BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_BALLOON_F_STATS_VQ) |                                \
	 BIT(VIRTIO_BALLOON_F_DEFLATE_ON_OOM) | BIT(VIRTIO_BALLOON_F_PAGE_POISON) |                \
	 BIT(VIRTIO_BALLOON_F_REPORTING))
#define CONFIG(member) (0x100 + offsetof(struct virtio_balloon_config, member))
/* Where requests lie, and memory that is given away. */
#define REQUEST_IPA (LAYOUT_RAM_BASE + 0x100000)
#define BUFFER_IPA (LAYOUT_RAM_BASE + 0x1000000)
#define BUFFER_PFN ((uint32_t)(BUFFER_IPA / BALLOON_PAGE_BYTES))

enum {
	INFLATE,
	DEFLATE,
	STATS,
	REPORTING,
	RINGS
};

struct fixture {
	struct leaks leaks;
	struct guest_ram ram;
	struct driver driver;
	struct virtio_balloon balloon;
	struct irq_probe irq;
	struct ring rings[RINGS];
	unsigned logged;
};

static void count_log(void *ctx, const char *line)
{
	(void)line;
	((struct fixture *)ctx)->logged++;
}

static void *at(struct fixture *f, uint64_t ipa)
{
	return guest_ram_at(&f->ram, ipa, 1);
}

/* Negotiates @features and opens the first @count rings. */
static void start(struct fixture *f, uint64_t features, unsigned count)
{
	uint32_t status = driver_negotiate(&f->driver, features);

	assert_true((status & VIRTIO_CONFIG_S_FEATURES_OK) != 0);
	for (unsigned i = 0; i < count; i++) {
		ring_open(&f->rings[i]);
	}
	rings_driver_ok(&f->driver);
}

static int setup_with(void **state, enum guest_ram_kind kind)
{
	static struct fixture f;
	struct virtio_balloon_setup config = {.log = count_log, .log_ctx = &f};

	memset(&f, 0, sizeof(f));
	f.leaks = leaks_begin();
	assert_int_equal(guest_ram_map_as(&f.ram, RAM_BYTES, kind), 0);
	driver_init(&f.driver);
	f.driver.ram = f.ram;
	f.driver.mmio = &f.balloon.mmio;
	config.irq = irq_probe_line(&f.irq);
	assert_int_equal(virtio_balloon_init(&f.balloon, &config, &f.ram), 0);
	for (unsigned i = 0; i < RINGS; i++) {
		f.rings[i] = (struct ring){
			.driver = &f.driver,
			.queue = i,
			.base_ipa = LAYOUT_RAM_BASE + i * UINT64_C(0x10000),
		};
	}
	start(&f, ALL_FEATURES, RINGS);
	*state = &f;
	return 0;
}

static int setup(void **state)
{
	return setup_with(state, GUEST_RAM_FILE);
}

static int setup_anonymous(void **state)
{
	return setup_with(state, GUEST_RAM_ANONYMOUS);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	virtio_balloon_destroy(&f->balloon);
	guest_ram_unmap(&f->ram);
	assert_no_leaks(&f->leaks);
	return 0;
}

/* How many of @count pages from @ipa on the host holds in memory. */
static unsigned resident(struct fixture *f, uint64_t ipa, unsigned count)
{
	unsigned char in_memory[1024];
	unsigned found = 0;

	assert_true(count <= sizeof(in_memory));
	assert_int_equal(mincore(at(f, ipa), count * BALLOON_PAGE_BYTES, in_memory), 0);
	for (unsigned i = 0; i < count; i++) {
		found += in_memory[i] & 1;
	}
	return found;
}

static void fill(struct fixture *f, uint64_t ipa, unsigned pages)
{
	memset(at(f, ipa), 0x5A, pages * BALLOON_PAGE_BYTES);
	assert_int_equal(resident(f, ipa, pages), pages);
}

/* One request of @len_bytes at REQUEST_IPA, and its return. */
static void request(struct fixture *f, unsigned ring, uint32_t len_bytes)
{
	uint32_t head;

	ring_desc(&f->rings[ring], 2, REQUEST_IPA, len_bytes, 0);
	ring_offer(&f->rings[ring], 2);
	assert_true(ring_wait(&f->rings[ring], &head));
	assert_int_equal(head, 2);
}

static void report(struct fixture *f, unsigned ring, uint64_t ipa, uint32_t len_bytes)
{
	uint32_t head;

	ring_desc(&f->rings[ring], 3, ipa, len_bytes, VRING_DESC_F_WRITE);
	ring_offer(&f->rings[ring], 3);
	assert_true(ring_wait(&f->rings[ring], &head));
	assert_int_equal(head, 3);
}

static void offers_what_it_does(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_DEVICE_ID), 5);
	driver_set(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES) & 0xFFFFFF,
			 ALL_FEATURES & 0xFFFFFF);
}

/* The pages that the driver names go back, those around them stay, and they are zero afterwards. */
static void inflated_pages_go_back_to_the_host(void **state)
{
	struct fixture *f = *state;
	uint32_t *pfns = at(f, REQUEST_IPA);

	fill(f, BUFFER_IPA, 1024);
	/* Downwards, as drivers do it, then one by itself. */
	for (unsigned i = 0; i < 512; i++) {
		pfns[i] = BUFFER_PFN + 511 - i;
	}
	pfns[512] = BUFFER_PFN + 700;
	request(f, INFLATE, 513 * 4);
	assert_int_equal(resident(f, BUFFER_IPA, 512), 0);
	assert_int_equal(resident(f, BUFFER_IPA + 512 * BALLOON_PAGE_BYTES, 512), 511);
	assert_int_equal(*(uint8_t *)at(f, BUFFER_IPA), 0);
	assert_int_equal(*(uint8_t *)at(f, BUFFER_IPA + 512 * BALLOON_PAGE_BYTES), 0x5A);
	assert_int_equal(f->logged, 0);
}

static void deflating_takes_nothing(void **state)
{
	struct fixture *f = *state;
	uint32_t *pfns = at(f, REQUEST_IPA);

	fill(f, BUFFER_IPA, 1);
	pfns[0] = BUFFER_PFN;
	request(f, DEFLATE, 4);
	assert_int_equal(resident(f, BUFFER_IPA, 1), 1);
}

/* Numbers outside RAM, at its ends, twice, and a torn one cost the good ones nothing. */
static void hostile_page_numbers_are_harmless(void **state)
{
	static const uint32_t bad[] = {
		0,
		1,
		(uint32_t)(LAYOUT_RAM_BASE / BALLOON_PAGE_BYTES) - 1,
		(uint32_t)((LAYOUT_RAM_BASE + RAM_BYTES) / BALLOON_PAGE_BYTES),
		UINT32_MAX - 1,
		UINT32_MAX,
		BUFFER_PFN,
		BUFFER_PFN,
	};
	struct fixture *f = *state;

	fill(f, BUFFER_IPA, 2);
	memcpy(at(f, REQUEST_IPA), bad, sizeof(bad));
	request(f, INFLATE, sizeof(bad) + 3);
	request(f, INFLATE, 0);
	assert_int_equal(resident(f, BUFFER_IPA, 2), 1);
	assert_int_equal(f->logged, 0);
}

/* RAM's last page, and the one after it in the same run. */
static void run_ends_at_the_end_of_ram(void **state)
{
	struct fixture *f = *state;
	uint64_t last_ipa = LAYOUT_RAM_BASE + RAM_BYTES - BALLOON_PAGE_BYTES;
	uint32_t *pfns = at(f, REQUEST_IPA);

	fill(f, last_ipa, 1);
	pfns[0] = (uint32_t)(last_ipa / BALLOON_PAGE_BYTES);
	pfns[1] = pfns[0] + 1;
	request(f, INFLATE, 8);
	assert_int_equal(resident(f, last_ipa, 1), 0);
}

/* A request that names pages by the million does not hold up a reset. */
static void reset_does_not_wait_for_a_huge_request(void **state)
{
	struct fixture *f = *state;
	uint32_t *pfns = at(f, BUFFER_IPA);
	const uint32_t count = (32U << 20) / 4;
	const uint64_t last_ipa = LAYOUT_RAM_BASE + RAM_BYTES - BALLOON_PAGE_BYTES;

	/* Each a page of its own, so that none goes together with another. */
	for (uint32_t i = 0; i < count; i++) {
		pfns[i] = (uint32_t)((LAYOUT_RAM_BASE + 0x200000) / BALLOON_PAGE_BYTES) +
			  i % 1024 * 2;
	}
	fill(f, last_ipa, 1);
	pfns[count - 1] = (uint32_t)(last_ipa / BALLOON_PAGE_BYTES);
	ring_desc(&f->rings[INFLATE], 0, BUFFER_IPA, count * 4, 0);
	ring_offer(&f->rings[INFLATE], 0);
	virtio_balloon_reset(&f->balloon);
	/* It was left long before its end. */
	assert_int_equal(resident(f, last_ipa, 1), 1);
	start(f, ALL_FEATURES, RINGS);
	inflated_pages_go_back_to_the_host(state);
}

static void reported_pages_go_back_to_the_host(void **state)
{
	struct fixture *f = *state;

	fill(f, BUFFER_IPA, 1024);
	report(f, REPORTING, BUFFER_IPA + BALLOON_PAGE_BYTES / 2, 512 * BALLOON_PAGE_BYTES);
	/* Half of the first page, and half of the last: both stay. */
	assert_int_equal(resident(f, BUFFER_IPA, 1024), 1024 - 511);
}

/*
 * Numbers of queues leave out those that do not exist, in Linux and QEMU; the standard's own
 * number of the reporting queue works as well.
 */
static void reporting_queue_has_the_number_that_is_left(void **state)
{
	struct fixture *f = *state;

	fill(f, BUFFER_IPA, 2);
	start(f, ALL_FEATURES & ~BIT(VIRTIO_BALLOON_F_STATS_VQ), 3);
	report(f, 2, BUFFER_IPA, BALLOON_PAGE_BYTES);
	assert_int_equal(resident(f, BUFFER_IPA, 2), 1);
	(void)driver_negotiate(&f->driver, ALL_FEATURES);
	f->rings[REPORTING].queue = 4;
	ring_open(&f->rings[REPORTING]);
	rings_driver_ok(&f->driver);
	report(f, REPORTING, BUFFER_IPA, 2 * BALLOON_PAGE_BYTES);
	assert_int_equal(resident(f, BUFFER_IPA, 2), 0);
}

/* Free pages that hold a pattern which the guest checks must not come back as zero. */
static void poisoned_pages_stay(void **state)
{
	struct fixture *f = *state;

	fill(f, BUFFER_IPA, 4);
	driver_set(&f->driver, CONFIG(poison_val), 0xAAAAAAAA);
	report(f, REPORTING, BUFFER_IPA, 4 * BALLOON_PAGE_BYTES);
	assert_int_equal(resident(f, BUFFER_IPA, 4), 4);
	driver_set(&f->driver, CONFIG(poison_val), 0);
	report(f, REPORTING, BUFFER_IPA, 4 * BALLOON_PAGE_BYTES);
	assert_int_equal(resident(f, BUFFER_IPA, 4), 0);
	/* Without the feature the value means nothing. */
	start(f, ALL_FEATURES & ~BIT(VIRTIO_BALLOON_F_PAGE_POISON), RINGS);
	driver_set(&f->driver, CONFIG(poison_val), 0xAAAAAAAA);
	fill(f, BUFFER_IPA, 4);
	report(f, REPORTING, BUFFER_IPA, 4 * BALLOON_PAGE_BYTES);
	assert_int_equal(resident(f, BUFFER_IPA, 4), 0);
}

/* A driver that has not taken the feature can't report. */
static void no_report_without_the_feature(void **state)
{
	struct fixture *f = *state;

	fill(f, BUFFER_IPA, 1);
	start(f, ALL_FEATURES & ~BIT(VIRTIO_BALLOON_F_REPORTING), RINGS);
	report(f, REPORTING, BUFFER_IPA, BALLOON_PAGE_BYTES);
	assert_int_equal(resident(f, BUFFER_IPA, 1), 1);
}

static bool readable(int fd, int wait_ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, wait_ms) == 1;
}

/* The target is what the size leaves of RAM, and the driver is told that it is another. */
static void target_reaches_the_driver(void **state)
{
	static const struct {
		uint64_t size_bytes;
		uint32_t pages;
	} cases[] = {
		{RAM_BYTES / 2, RAM_BYTES / 2 / BALLOON_PAGE_BYTES},
		{RAM_BYTES - BALLOON_PAGE_BYTES - 1, 1},
		{0, RAM_BYTES / BALLOON_PAGE_BYTES},
		{RAM_BYTES, 0},
		{UINT64_MAX, 0},
	};
	struct fixture *f = *state;

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		virtio_balloon_set_size(&f->balloon, cases[i].size_bytes);
		assert_int_equal(driver_get(&f->driver, CONFIG(num_pages)), cases[i].pages);
		assert_true(f->irq.level);
		assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_INTERRUPT_STATUS),
				 VIRTIO_MMIO_INT_CONFIG);
		driver_set(&f->driver, VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_CONFIG);
	}
}

/* What the driver says is told once, and at most once a second. */
static void change_of_size_is_told(void **state)
{
	struct fixture *f = *state;
	uint64_t size_bytes = 0;

	assert_false(readable(f->balloon.timer_fd, 0));
	driver_set(&f->driver, CONFIG(actual), 1024);
	assert_int_equal(driver_get(&f->driver, CONFIG(actual)), 1024);
	assert_true(readable(f->balloon.timer_fd, 1000));
	assert_true(virtio_balloon_take_change(&f->balloon, &size_bytes));
	assert_int_equal(size_bytes, RAM_BYTES - 1024 * BALLOON_PAGE_BYTES);
	assert_int_equal(virtio_balloon_size(&f->balloon), size_bytes);
	assert_false(virtio_balloon_take_change(&f->balloon, &size_bytes));
	for (uint32_t i = 0; i < 1000; i++) {
		driver_set(&f->driver, CONFIG(actual), i);
	}
	assert_false(readable(f->balloon.timer_fd, 200));
	assert_true(readable(f->balloon.timer_fd, 5000));
	assert_true(virtio_balloon_take_change(&f->balloon, &size_bytes));
	assert_int_equal(size_bytes, RAM_BYTES - 999 * BALLOON_PAGE_BYTES);
	assert_false(readable(f->balloon.timer_fd, 0));
	/* More than there is: nothing is left, and no number wraps around. */
	driver_set(&f->driver, CONFIG(actual), UINT32_MAX);
	assert_int_equal(virtio_balloon_size(&f->balloon), 0);
}

/* The host's wish outlives the guest's reset; what was in the balloon is the guest's again. */
static void reset_keeps_the_target(void **state)
{
	struct fixture *f = *state;

	virtio_balloon_set_size(&f->balloon, RAM_BYTES / 2);
	driver_set(&f->driver, CONFIG(actual), 1024);
	virtio_balloon_reset(&f->balloon);
	assert_int_equal(virtio_balloon_size(&f->balloon), RAM_BYTES);
	assert_int_equal(driver_get(&f->driver, CONFIG(actual)), 0);
	assert_int_equal(driver_get(&f->driver, CONFIG(num_pages)),
			 RAM_BYTES / 2 / BALLOON_PAGE_BYTES);
}

/* The driver's request is held until new statistics are wanted, and comes back then. */
static void statistics_come_and_are_asked_for(void **state)
{
	struct fixture *f = *state;
	struct virtio_balloon_stat given[] = {
		{.tag = VIRTIO_BALLOON_S_MEMFREE, .val = 4711},
		{.tag = 0x1234, .val = 1},
		{.tag = VIRTIO_BALLOON_S_AVAIL, .val = UINT64_MAX},
	};
	struct virtio_balloon_stats stats = {.known = 0};
	uint32_t head;

	virtio_balloon_stats(&f->balloon, &stats);
	assert_int_equal(stats.updated_s, 0);
	memcpy(at(f, REQUEST_IPA), given, sizeof(given));
	ring_desc(&f->rings[STATS], 5, REQUEST_IPA, sizeof(given), 0);
	ring_offer(&f->rings[STATS], 5);
	for (unsigned i = 0; i < 10000 && stats.updated_s == 0; i++) {
		(void)usleep(1000);
		virtio_balloon_stats(&f->balloon, &stats);
	}
	assert_int_equal(stats.known, BIT(VIRTIO_BALLOON_S_MEMFREE) | BIT(VIRTIO_BALLOON_S_AVAIL));
	assert_int_equal(stats.values[VIRTIO_BALLOON_S_MEMFREE], 4711);
	assert_true(stats.values[VIRTIO_BALLOON_S_AVAIL] == UINT64_MAX);
	assert_true(ring_wait(&f->rings[STATS], &head));
	assert_int_equal(head, 5);
}

/* When the driver stops another queue, it has the request back, and can offer it again. */
static void statistics_outlast_another_queue(void **state)
{
	struct fixture *f = *state;
	struct virtio_balloon_stat given = {.tag = VIRTIO_BALLOON_S_MEMFREE, .val = 1};
	struct virtio_balloon_stats stats = {.known = 0};
	uint32_t head;

	memcpy(at(f, REQUEST_IPA), &given, sizeof(given));
	ring_desc(&f->rings[STATS], 5, REQUEST_IPA, sizeof(given), 0);
	ring_offer(&f->rings[STATS], 5);
	/* Also waits for the request to be taken: the queues are served in turns. */
	ring_desc(&f->rings[REPORTING], 0, REQUEST_IPA, 0, 0);
	ring_offer(&f->rings[REPORTING], 0);
	assert_true(ring_wait(&f->rings[REPORTING], &head));
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_SEL, INFLATE);
	driver_set(&f->driver, VIRTIO_MMIO_QUEUE_READY, 0);
	assert_true(ring_wait(&f->rings[STATS], &head));
	assert_int_equal(head, 5);
	virtio_balloon_stats(&f->balloon, &stats);
	assert_int_equal(stats.values[VIRTIO_BALLOON_S_MEMFREE], 1);
}

/* Of two requests for statistics the older goes back at once; a reset forgets the other. */
static void one_statistics_request_is_held(void **state)
{
	struct fixture *f = *state;
	struct virtio_balloon_stats stats;
	uint32_t head;

	ring_desc(&f->rings[STATS], 0, REQUEST_IPA, 1 << 20, 0);
	ring_desc(&f->rings[STATS], 1, REQUEST_IPA, 0, 0);
	ring_offer(&f->rings[STATS], 0);
	ring_offer(&f->rings[STATS], 1);
	assert_true(ring_wait(&f->rings[STATS], &head));
	assert_int_equal(head, 0);
	virtio_balloon_reset(&f->balloon);
	start(f, ALL_FEATURES, RINGS);
	virtio_balloon_stats(&f->balloon, &stats);
	assert_int_equal(stats.updated_s, 0);
	assert_int_equal(((uint16_t *)at(f, f->rings[STATS].base_ipa + 0x2000))[1], 0);
}

/* Huge pages that are set aside stay with the guest, and it is not asked to report. */
static void reserved_memory_is_not_given_back(void **state)
{
	struct fixture *f = *state;
	struct virtio_balloon_setup config = {.irq = irq_probe_line(&f->irq)};

	virtio_balloon_destroy(&f->balloon);
	f->ram.reserved = true;
	assert_int_equal(virtio_balloon_init(&f->balloon, &config, &f->ram), 0);
	driver_set(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	assert_int_equal(driver_get(&f->driver, VIRTIO_MMIO_DEVICE_FEATURES) &
				 BIT(VIRTIO_BALLOON_F_REPORTING),
			 0);
	start(f, ALL_FEATURES & ~BIT(VIRTIO_BALLOON_F_REPORTING), RINGS);
	fill(f, BUFFER_IPA, 1);
	*(uint32_t *)at(f, REQUEST_IPA) = BUFFER_PFN;
	request(f, INFLATE, 4);
	assert_int_equal(resident(f, BUFFER_IPA, 1), 1);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define A(test) cmocka_unit_test_setup_teardown(test, setup_anonymous, teardown)
	const struct CMUnitTest tests[] = {
		T(offers_what_it_does),
		T(inflated_pages_go_back_to_the_host),
		A(inflated_pages_go_back_to_the_host),
		T(deflating_takes_nothing),
		T(hostile_page_numbers_are_harmless),
		T(run_ends_at_the_end_of_ram),
		T(reset_does_not_wait_for_a_huge_request),
		T(reported_pages_go_back_to_the_host),
		A(reported_pages_go_back_to_the_host),
		T(reporting_queue_has_the_number_that_is_left),
		T(poisoned_pages_stay),
		T(no_report_without_the_feature),
		T(target_reaches_the_driver),
		T(change_of_size_is_told),
		T(reset_keeps_the_target),
		T(statistics_come_and_are_asked_for),
		T(statistics_outlast_another_queue),
		T(one_statistics_request_is_held),
		T(reserved_memory_is_not_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
