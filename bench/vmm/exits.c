/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The least an exit to user space and back costs on this host: a guest of a few instructions, and
 * a loop around KVM_RUN that does nothing. The VM has a GICv3, as any machine would.
 *
 * Prints "load TENTH MEDIAN", "store ..." and "call ..." in ticks of the counter, which the guest
 * itself takes, and last "frequency HZ". A tenth of the samples took TENTH or less.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "kvm/uapi.h"

#define RAM_BASE UINT64_C(0x40000000)
#define RAM_BYTES ((size_t)2 << 20)
#define TABLE_OFFSET 0x10000
#define DEVICE UINT64_C(0x09000000)
#define GICD UINT64_C(0x08000000)
#define GICR UINT64_C(0x080A0000)
#define SAMPLES 400
#define KINDS 3

/* x0: the table, x1: how many of each, x2: where nothing is. Ends by a store to the next page. */
__asm__(".text\n"
	".macro measure what\n"
	"	mov	x6, x1\n"
	"1:	isb\n"
	"	mrs	x3, cntvct_el0\n"
	"	\\what\n"
	"	isb\n"
	"	mrs	x5, cntvct_el0\n"
	"	sub	x5, x5, x3\n"
	"	str	x5, [x7], #8\n"
	"	subs	x6, x6, #1\n"
	"	b.ne	1b\n"
	".endm\n"
	"	.globl	guest_begin, guest_end\n"
	"	.hidden	guest_begin, guest_end\n"
	"guest_begin:\n"
	"	mov	x7, x0\n"
	"	mov	x8, #0x84000000\n"
	"	measure	\"ldr w4, [x2]\"\n"
	"	measure	\"str w4, [x2]\"\n"
	"	mov	x0, x8\n"
	"	measure	\"hvc #0\"\n"
	"	add	x2, x2, #0x1000\n"
	"	str	w4, [x2]\n"
	"guest_end:\n");
extern const char guest_begin[], guest_end[] __attribute__((visibility("hidden")));

static void must(int ret, const char *what)
{
	if (ret < 0) {
		(void)fprintf(stderr, "exits: %s: %s\n", what, strerror(errno));
		exit(1);
	}
}

static void set_register(int vcpu, uint64_t field, uint64_t value)
{
	struct kvm_one_reg reg = {
		.id = KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | field / 4,
		.addr = (uintptr_t)&value,
	};

	must(ioctl(vcpu, KVM_SET_ONE_REG, &reg), "KVM_SET_ONE_REG");
}

static void set_gic(int gic, uint32_t group, uint64_t attribute, uint64_t value)
{
	struct kvm_device_attr attr = {
		.group = group,
		.attr = attribute,
		.addr = (uintptr_t)&value,
	};

	must(ioctl(gic, KVM_SET_DEVICE_ATTR, &attr), "the GIC");
}

static void make_gic(int vm)
{
	struct kvm_create_device device = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};

	must(ioctl(vm, KVM_CREATE_DEVICE, &device), "KVM_CREATE_DEVICE");
	set_gic((int)device.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, GICD);
	set_gic((int)device.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, GICR);
	set_gic((int)device.fd, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, 0);
}

/* All PSCI calls come out. */
static void filter_calls(int vm)
{
	struct uapi_smccc_filter filter = {
		.base = 0x84000000,
		.nr_functions = 32,
		.action = UAPI_SMCCC_FILTER_FWD_TO_USER,
	};
	struct kvm_device_attr attr = {
		.group = UAPI_ARM_VM_SMCCC_CTRL,
		.attr = UAPI_ARM_VM_SMCCC_FILTER,
		.addr = (uintptr_t)&filter,
	};

	must(ioctl(vm, KVM_SET_DEVICE_ATTR, &attr), "the SMCCC filter");
}

static int make_vcpu(int vm)
{
	struct kvm_vcpu_init init;
	int vcpu = ioctl(vm, KVM_CREATE_VCPU, 0UL);

	must(vcpu, "KVM_CREATE_VCPU");
	must(ioctl(vm, KVM_ARM_PREFERRED_TARGET, &init), "KVM_ARM_PREFERRED_TARGET");
	init.features[0] |= 1U << KVM_ARM_VCPU_PSCI_0_2;
	must(ioctl(vcpu, KVM_ARM_VCPU_INIT, &init), "KVM_ARM_VCPU_INIT");
	return vcpu;
}

static void run(int vcpu, const struct kvm_run *state)
{
	for (;;) {
		must(ioctl(vcpu, KVM_RUN, 0), "KVM_RUN");
		if (state->exit_reason == KVM_EXIT_MMIO) {
			if (state->mmio.phys_addr != DEVICE) {
				return;
			}
		} else if (state->exit_reason != KVM_EXIT_HYPERCALL) {
			(void)fprintf(stderr, "exits: exit reason %u\n", state->exit_reason);
			exit(1);
		}
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void tell(const char *name, uint64_t *ticks)
{
	qsort(ticks, SAMPLES, sizeof(*ticks), compare);
	printf("%s %" PRIu64 " %" PRIu64 "\n", name, ticks[SAMPLES / 10], ticks[SAMPLES / 2]);
}

int main(void)
{
	static const char *const names[KINDS] = {"load", "store", "call"};
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = RAM_BASE,
		.memory_size = RAM_BYTES,
	};
	struct kvm_run *state;
	uint64_t frequency;
	char *ram;
	int vcpu;
	int vm;

	must(kvm, "/dev/kvm");
	vm = ioctl(kvm, KVM_CREATE_VM, 0UL);
	must(vm, "KVM_CREATE_VM");
	ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(ram == MAP_FAILED ? -1 : 0, "mmap");
	region.userspace_addr = (uintptr_t)ram;
	must(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");
	memcpy(ram, guest_begin, (size_t)(guest_end - guest_begin));
	__builtin___clear_cache(ram, ram + (guest_end - guest_begin));
	filter_calls(vm);
	vcpu = make_vcpu(vm);
	make_gic(vm);
	state = mmap(NULL, (size_t)ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE,
		     MAP_SHARED, vcpu, 0);
	must(state == MAP_FAILED ? -1 : 0, "mmap of a vCPU");
	set_register(vcpu, offsetof(struct kvm_regs, regs.regs[0]), RAM_BASE + TABLE_OFFSET);
	set_register(vcpu, offsetof(struct kvm_regs, regs.regs[1]), SAMPLES);
	set_register(vcpu, offsetof(struct kvm_regs, regs.regs[2]), DEVICE);
	set_register(vcpu, offsetof(struct kvm_regs, regs.pc), RAM_BASE);
	run(vcpu, state);
	for (int n = 0; n < KINDS; n++) {
		tell(names[n], (uint64_t *)(ram + TABLE_OFFSET) + (size_t)n * SAMPLES);
	}
	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
	printf("frequency %" PRIu64 "\n", frequency);
	return 0;
}
