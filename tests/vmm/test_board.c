/* SPDX-License-Identifier: BSD-3-Clause */
/* Promises of machine/board.h: which device is where, on which interrupt, and what a reset does. */
#include "check.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "fake_kvm.h"
#include "faults.h"
#include "leaks.h"
#include "machine/board_internal.h"
#include "platform/layout.h"
#include "temp_file.h"

#define RAM_BYTES (UINT64_C(2) << 20)
#define VIRTIO_MAGIC 0x74726976
#define VIRTIO_ID_OF_DISK 2
#define VIRTIO_ID_OF_RNG 4

struct fixture {
	struct temp_dir dir;
	char paths[2][128];
	struct machine_disk_config disks[2];
	struct guest_ram ram;
	struct kvm_vm *vm;
	struct board board;
	bool made;
	char console[16];
	unsigned rooms;
	char log[256];
	struct leaks leaks;
};

static void on_console(void *ctx, const uint8_t *bytes, size_t count)
{
	struct fixture *f = ctx;

	(void)strncat(f->console, (const char *)bytes, count);
}

static void on_room(void *ctx)
{
	((struct fixture *)ctx)->rooms++;
}

static void on_log(void *ctx, const char *line)
{
	struct fixture *f = ctx;

	(void)snprintf(f->log, sizeof(f->log), "%s", line);
}

static int make(struct fixture *f, size_t disk_count, struct vmm_error *error)
{
	const struct board_config config = {
		.ram = f->ram,
		.disks = f->disks,
		.disk_count = disk_count,
		.console_tx = on_console,
		.console_room = on_room,
		.log = on_log,
		.ctx = f,
	};

	f->made = true;
	return board_init(&f->board, &config, error);
}

static void make_two(struct fixture *f)
{
	struct vmm_error error;

	assert_int_equal(make(f, 2, &error), 0);
}

static int setup(void **state)
{
	static struct fixture f;
	struct kvm_vm_config config = {.cpu_count = 1, .spi_count = 256};
	struct vmm_error error;

	memset(&f, 0, sizeof(f));
	*state = &f;
	fake_kvm_up();
	faults_reset();
	f.leaks = leaks_begin();
	temp_dir_make(&f.dir);
	temp_zeros(&f.dir, "0", 65536);
	temp_zeros(&f.dir, "1", 65536);
	for (size_t n = 0; n < 2; n++) {
		(void)snprintf(f.paths[n], sizeof(f.paths[n]), "%s",
			       temp_path(&f.dir, n == 0 ? "0" : "1"));
		f.disks[n].path = f.paths[n];
	}
	assert_int_equal(guest_ram_map(&f.ram, RAM_BYTES), 0);
	config.ram = f.ram;
	return kvm_vm_create(&f.vm, &config, &error);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	if (f->made) {
		board_destroy(&f->board);
	}
	kvm_vm_destroy(f->vm);
	guest_ram_unmap(&f->ram);
	temp_dir_remove(&f->dir);
	fake_kvm_down();
	assert_no_leaks(&f->leaks);
	return 0;
}

static uint32_t get(struct fixture *f, uint64_t ipa)
{
	uint64_t value;

	assert_true(mmio_bus_read(&f->board.bus, ipa, 4, &value));
	return (uint32_t)value;
}

static void set(struct fixture *f, uint64_t ipa, uint32_t value)
{
	assert_true(mmio_bus_write(&f->board.bus, ipa, 4, value));
}

/* Each is where the memory map says. */
static void devices_are_in_their_places(void **state)
{
	struct fixture *f = *state;
	uint64_t value;

	make_two(f);
	/* PrimeCell part numbers, from the identification registers. */
	assert_int_equal(get(f, LAYOUT_UART_BASE + 0xFE0) | get(f, LAYOUT_UART_BASE + 0xFE4) << 8,
			 0x1011);
	assert_int_equal(get(f, LAYOUT_RTC_BASE + 0xFE0) | get(f, LAYOUT_RTC_BASE + 0xFE4) << 8,
			 0x1031);
	assert_int_equal(get(f, LAYOUT_GPIO_BASE + 0xFE0) | get(f, LAYOUT_GPIO_BASE + 0xFE4) << 8,
			 0x1061);
	for (unsigned slot = 0; slot < LAYOUT_VIRTIO_SLOT_COUNT; slot++) {
		uint64_t base = LAYOUT_VIRTIO_SLOT_BASE(slot);
		bool disk = slot < 2;
		bool rng = slot == BOARD_RNG_SLOT;

		assert_int_equal(get(f, base), VIRTIO_MAGIC);
		assert_int_equal(get(f, base + 8), disk	 ? VIRTIO_ID_OF_DISK
						   : rng ? VIRTIO_ID_OF_RNG
							 : 0);
		assert_int_equal(board_has_device(&f->board, slot), disk || rng);
	}
	assert_false(mmio_bus_read(&f->board.bus, LAYOUT_RAM_BASE, 4, &value));
	assert_false(mmio_bus_read(&f->board.bus, LAYOUT_GICD_BASE, 4, &value));
}

/* pvpanic always, and the watchdog's two frames when it is asked for. */
static void guest_is_watched(void **state)
{
	struct fixture *f = *state;
	struct board_config config = {.ram = f->ram};
	struct vmm_error error;
	uint64_t value;

	make_two(f);
	assert_int_equal(get(f, LAYOUT_PVPANIC_BASE), 7);
	assert_false(mmio_bus_read(&f->board.bus, LAYOUT_WATCHDOG_CONTROL_BASE, 4, &value));
	assert_null(board_device_name(&f->board, LAYOUT_WATCHDOG_INTID));
	board_destroy(&f->board);
	config.watchdog = true;
	assert_int_equal(board_init(&f->board, &config, &error), 0);
	assert_int_equal(get(f, LAYOUT_WATCHDOG_CONTROL_BASE + 0xFCC), 0x0001043B);
	assert_int_equal(get(f, LAYOUT_WATCHDOG_REFRESH_BASE + 0xFCC), 0x0001043B);
	set(f, LAYOUT_WATCHDOG_CONTROL_BASE + 8, 42);
	set(f, LAYOUT_WATCHDOG_REFRESH_BASE + 8, 43);
	assert_int_equal(get(f, LAYOUT_WATCHDOG_CONTROL_BASE + 8), 42);
	board_reset(&f->board);
	assert_int_equal(get(f, LAYOUT_WATCHDOG_CONTROL_BASE + 8), UINT32_MAX);
	assert_string_equal(board_device_name(&f->board, 42), "sbsa-gwdt");
}

static void interrupts_have_names(void **state)
{
	static const struct {
		uint32_t intid;
		const char *name;
	} rows[] = {
		{LAYOUT_UART_INTID, "pl011"},
		{LAYOUT_RTC_INTID, "pl031"},
		{LAYOUT_GPIO_INTID, "pl061"},
		{LAYOUT_VIRTIO_SLOT_INTID(0), "virtio-blk"},
		{LAYOUT_VIRTIO_SLOT_INTID(1), "virtio-blk"},
		{LAYOUT_VIRTIO_SLOT_INTID(BOARD_RNG_SLOT), "virtio-rng"},
		{LAYOUT_PPI_INTID(LAYOUT_TIMER_VIRT_PPI), "timer"},
		{LAYOUT_PPI_INTID(LAYOUT_TIMER_NS_EL1_PPI), "timer"},
		{0, "sgi"},
		{15, "sgi"},
	};
	static const uint32_t nameless[] = {
		16,
		31,
		32,
		LAYOUT_VIRTIO_SLOT_INTID(2),
		LAYOUT_VIRTIO_SLOT_INTID(31),
		LAYOUT_VIRTIO_SLOT_INTID(32),
		287,
		UINT32_MAX,
	};
	struct fixture *f = *state;

	make_two(f);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_string_equal(board_device_name(&f->board, rows[i].intid), rows[i].name);
	}
	for (size_t i = 0; i < sizeof(nameless) / sizeof(nameless[0]); i++) {
		assert_null(board_device_name(&f->board, nameless[i]));
	}
}

/* The RTC's match register at its clock's own value: its interrupt is due at once. */
static void raise_alarm(struct fixture *f)
{
	set(f, LAYOUT_RTC_BASE + 0x10, 1);
	set(f, LAYOUT_RTC_BASE + 0x04, get(f, LAYOUT_RTC_BASE));
	(void)get(f, LAYOUT_RTC_BASE);
}

/* Lines go to the VM that is connected, and nowhere if there is none. */
static void lines_go_to_the_vm(void **state)
{
	struct fixture *f = *state;

	make_two(f);
	raise_alarm(f);
	assert_false(fake_gic_get(0, LAYOUT_RTC_INTID).line);
	board_reset(&f->board);
	board_connect(&f->board, f->vm);
	raise_alarm(f);
	assert_true(fake_gic_get(0, LAYOUT_RTC_INTID).line);
	assert_int_equal(fake_kvm_count(FAKE_SET_IRQ), 1);
	board_reset(&f->board);
	assert_false(fake_gic_get(0, LAYOUT_RTC_INTID).line);
	board_connect(&f->board, NULL);
	raise_alarm(f);
	assert_false(fake_gic_get(0, LAYOUT_RTC_INTID).line);
}

#define EVENT_SLOT 30
#define NOTIFY_IPA (LAYOUT_VIRTIO_SLOT_BASE(EVENT_SLOT) + 0x50)
#define PROGRAM_PC LAYOUT_RAM_BASE

static void quiesce(void *ctx)
{
	(void)ctx;
}

static void notify(void *ctx, unsigned queue)
{
	(void)ctx;
	(void)queue;
}

static bool is_signalled(const struct virtio_mmio *mmio, unsigned queue)
{
	struct pollfd wait = {.fd = virtio_mmio_event_fd(mmio, queue), .events = POLLIN};

	return poll(&wait, 1, 0) == 1;
}

/* The guest stores each of @values at the queue notify register; exits with the last. */
static void store(struct fixture *f, const uint32_t values[3])
{
	struct fake_op ops[4] = {{0}};
	const struct kvm_entry entry = {.pc = PROGRAM_PC};
	struct kvm_vcpu *vcpu = kvm_vm_vcpu(f->vm, 0);
	struct kvm_exit exit;

	for (unsigned i = 0; i < 3; i++) {
		ops[i] = (struct fake_op)FAKE_WRITE(NOTIFY_IPA, 4, values[i]);
	}
	fake_kvm_ops(PROGRAM_PC, ops);
	assert_int_equal(kvm_vcpu_enter(vcpu, &entry), 0);
	kvm_vcpu_attach(vcpu);
	kvm_vcpu_run(vcpu, &exit);
	assert_int_equal(exit.kind, KVM_VCPU_MMIO);
	assert_int_equal(exit.value, values[2]);
}

/* A queue that is notified by eventfd costs the guest no exit; the others still make one. */
static void queues_are_signalled_by_the_vm(void **state)
{
	static const struct virtio_device_ops ops = {.notify = notify, .quiesce = quiesce};
	const struct virtio_device device = {
		.ops = &ops, .device_id = 42, .queue_count = 3, .event_queues = 1 | 1 << 2};
	const struct irq_line line = {0};
	struct fixture *f = *state;
	struct virtio_mmio mmio;

	assert_int_equal(virtio_mmio_init(&mmio, &device, &f->ram, &line), 0);
	assert_int_equal(board_map_virtio(&f->board, "test", EVENT_SLOT, &mmio), 0);
	board_connect(&f->board, f->vm);
	assert_int_equal(fake_kvm_ioeventfds(), 2);
	store(f, (const uint32_t[]){0, 2, 1});
	assert_true(is_signalled(&mmio, 0));
	assert_true(is_signalled(&mmio, 2));
	board_connect(&f->board, NULL);
	virtio_mmio_destroy(&mmio);
}

static void console_reaches_the_host(void **state)
{
	struct fixture *f = *state;

	make_two(f);
	set(f, LAYOUT_UART_BASE + 0x30, 0x301);
	set(f, LAYOUT_UART_BASE, 'o');
	set(f, LAYOUT_UART_BASE, 'k');
	assert_string_equal(f->console, "ok");
}

static void reset_forgets_what_the_guest_set(void **state)
{
	struct fixture *f = *state;

	make_two(f);
	set(f, LAYOUT_UART_BASE + 0x38, 0x10);
	set(f, LAYOUT_RTC_BASE + 0x10, 1);
	set(f, LAYOUT_VIRTIO_SLOT_BASE(1) + 0x70, 3);
	set(f, LAYOUT_VIRTIO_SLOT_BASE(BOARD_RNG_SLOT) + 0x70, 3);
	board_reset(&f->board);
	assert_int_equal(get(f, LAYOUT_UART_BASE + 0x38), 0);
	assert_int_equal(get(f, LAYOUT_RTC_BASE + 0x10), 0);
	assert_int_equal(get(f, LAYOUT_VIRTIO_SLOT_BASE(1) + 0x70), 0);
	assert_int_equal(get(f, LAYOUT_VIRTIO_SLOT_BASE(BOARD_RNG_SLOT) + 0x70), 0);
}

/* A reset lets go of the keys, and of the line that they hold up; nothing is left of the edges. */
static void keys_interrupt_by_the_gpio(void **state)
{
	struct fixture *f = *state;

	make_two(f);
	board_connect(&f->board, f->vm);
	set(f, LAYOUT_GPIO_BASE + 0x408, 0xFF);
	set(f, LAYOUT_GPIO_BASE + 0x410, 0xFF);
	assert_int_equal(board_device_key(&f->board, LAYOUT_GPIO_INTID), POWER_KEY_NONE);
	power_keys_press(&f->board.keys, POWER_KEY_SLEEP);
	assert_true(fake_gic_get(0, LAYOUT_GPIO_INTID).line);
	assert_int_equal(board_device_key(&f->board, LAYOUT_GPIO_INTID), POWER_KEY_SLEEP);
	assert_int_equal(board_device_key(&f->board, LAYOUT_RTC_INTID), POWER_KEY_NONE);
	board_reset(&f->board);
	assert_false(fake_gic_get(0, LAYOUT_GPIO_INTID).line);
	assert_int_equal(get(f, LAYOUT_GPIO_BASE + 0x3FC), 0);
	assert_int_equal(get(f, LAYOUT_GPIO_BASE + 0x414), 0);
}

/* All disks are flushed, each time. */
static void settle_flushes_each_disk(void **state)
{
	struct fixture *f = *state;
	struct vmm_error error;

	make_two(f);
	assert_int_equal(board_settle(&f->board, &error), 0);
	assert_int_equal(faults_flushes(), 2);
	assert_int_equal(board_settle(&f->board, &error), 0);
	assert_int_equal(faults_flushes(), 4);
}

/* One that fails is named, and the others are flushed all the same. */
static void settle_names_the_disk_that_fails(void **state)
{
	struct fixture *f = *state;
	struct vmm_error error = {.text = ""};

	make_two(f);
	faults_arm(1);
	assert_int_equal(board_settle(&f->board, &error), -EIO);
	assert_true(faults_disarm());
	assert_non_null(strstr(error.text, f->paths[0]));
	assert_int_equal(faults_flushes(), 1);
	/* A later flush that works does not bring lost data back. */
	assert_int_equal(board_settle(&f->board, &error), -EIO);
}

/* A paused machine's disks have all in their files and take nothing, and go on afterwards. */
static void pause_makes_disks_quiet(void **state)
{
	struct fixture *f = *state;
	struct vmm_error error;

	make_two(f);
	board_pause(&f->board, true);
	assert_int_equal(faults_flushes(), 2);
	assert_true(f->board.disks[0].draining);
	assert_true(f->board.disks[1].draining);
	assert_string_equal(f->log, "");
	board_pause(&f->board, false);
	assert_false(f->board.disks[0].draining);
	assert_int_equal(faults_flushes(), 2);
	/* Its end, and a reset, while it is paused. */
	board_pause(&f->board, true);
	assert_int_equal(board_settle(&f->board, &error), 0);
	board_reset(&f->board);
	board_pause(&f->board, false);
	assert_false(f->board.disks[1].draining);
}

/* What is not in its file then is told of at once, and at the end. */
static void pause_tells_of_a_failed_flush(void **state)
{
	struct fixture *f = *state;
	struct vmm_error error;

	make_two(f);
	faults_arm(1);
	board_pause(&f->board, true);
	assert_true(faults_disarm());
	assert_non_null(strstr(f->log, f->paths[0]));
	assert_int_equal(board_settle(&f->board, &error), -EIO);
}

/* The disks that were opened before one that can't be are closed; the teardown looks. */
static void bad_disk_is_named(void **state)
{
	struct fixture *f = *state;
	struct vmm_error error = {.text = ""};

	f->disks[1].path = "/nonexistent/disk";
	assert_int_equal(make(f, 2, &error), -ENOENT);
	assert_non_null(strstr(error.text, "/nonexistent/disk"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(devices_are_in_their_places),
		TEST(guest_is_watched),
		TEST(interrupts_have_names),
		TEST(lines_go_to_the_vm),
		TEST(queues_are_signalled_by_the_vm),
		TEST(console_reaches_the_host),
		TEST(reset_forgets_what_the_guest_set),
		TEST(keys_interrupt_by_the_gpio),
		TEST(settle_flushes_each_disk),
		TEST(settle_names_the_disk_that_fails),
		TEST(pause_makes_disks_quiet),
		TEST(pause_tells_of_a_failed_flush),
		TEST(bad_disk_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
