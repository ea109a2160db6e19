/* SPDX-License-Identifier: BSD-3-Clause */
/* Device registers, and the console. */
#include <stdarg.h>
#include "bare.h"

#define UART_DR UINT64_C(0x09000000)
#define UART_FR UINT64_C(0x09000018)
#define UART_CR UINT64_C(0x09000030)
#define UART_FR_RXFE (1U << 4)
#define UART_CR_ON 0x301U

/* In assembly: a load or store that changes its address register can't be told to user space. */
u32 io_read(u64 address)
{
	u32 value;

	__asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
	return le32(value);
}

u64 io_read64(u64 address)
{
	u64 value;

	__asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(address) : "memory");
	return le64(value);
}

void io_write(u64 address, u32 value)
{
	__asm__ volatile("str %w0, [%1]" ::"r"(le32(value)), "r"(address) : "memory");
}

static void put(char c)
{
	static bool on;

	if (!on) {
		io_write(UART_CR, UART_CR_ON);
		on = true;
	}
	io_write(UART_DR, (u32)c);
}

static void put_text(const char *text)
{
	for (; *text != '\0'; text++) {
		put(*text);
	}
}

static void put_hex(u64 value)
{
	int shift = 60;

	while (shift > 0 && value >> shift == 0) {
		shift -= 4;
	}
	for (put_text("0x"); shift >= 0; shift -= 4) {
		put("0123456789abcdef"[value >> shift & 15]);
	}
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	for (; *format != '\0'; format++) {
		if (*format != '%') {
			put(*format);
			continue;
		}
		format++;
		if (*format == 's') {
			put_text(va_arg(args, const char *));
		} else {
			put_hex(va_arg(args, u64));
		}
	}
	va_end(args);
	put_text("\r\n");
}

char hear(void)
{
	while ((io_read(UART_FR) & UART_FR_RXFE) != 0) {
	}
	return (char)io_read(UART_DR);
}

void end_machine(void)
{
	(void)psci(FN32(SYSTEM_OFF), 0, 0, 0);
	say("not ok SYSTEM_OFF returned");
	for (;;) {
		__asm__ volatile("wfi");
	}
}

/* Nothing here may fault. */
void exception(u64 esr, u64 elr, u64 far)
{
	say("not ok exception # MPIDR %x ESR %x ELR %x FAR %x", read_register(mpidr_el1), esr, elr,
	    far);
	end_machine();
}
