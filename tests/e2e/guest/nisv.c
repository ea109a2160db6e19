/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nisv - crash the machine from inside the test guest
 *
 * Loads a pair of registers from a physical address that belongs to no device. The processor
 * reports no syndrome for such a load, so KVM cannot emulate it and KVM_RUN fails: the guest
 * "could not go on". This is a crash that no handler in the guest can turn into a reset.
 *
 * Usage: nisv ADDRESS  (page-aligned, physical, neither RAM nor claimed by a driver)
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	uint64_t a = 0;
	uint64_t b = 0;
	void *page;
	int fd;

	if (argc != 2) {
		(void)fprintf(stderr, "usage: nisv ADDRESS\n");
		return 2;
	}
	fd = open("/dev/mem", O_RDONLY | O_SYNC | O_CLOEXEC);
	if (fd < 0) {
		perror("nisv: /dev/mem");
		return 1;
	}
	page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, (off_t)strtoull(argv[1], NULL, 0));
	if (page == MAP_FAILED) {
		perror("nisv: mmap of the address");
		return 1;
	}
	__asm__ volatile("ldp %0, %1, [%2]" : "=r"(a), "=r"(b) : "r"(page) : "memory");
	printf("nisv: still running, read %llx %llx\n", (unsigned long long)a,
	       (unsigned long long)b);
	return 1;
}
