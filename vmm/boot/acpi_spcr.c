/* SPDX-License-Identifier: BSD-3-Clause */
/* The console, as Microsoft's Serial Port Console Redirection Table describes it. */
#include "boot/acpi_internal.h"
#include "platform/layout.h"

#define SPCR_REVISION 2
#define PORT_PL011 3
#define INTERRUPT_GIC (1U << 3)
#define REGISTER_BITS 32
#define ACCESS_DWORD 3
#define BAUD_115200 7
#define STOP_BITS 1
#define TERMINAL_ANSI 3
#define NO_PCI_ID 0xFFFF

uint64_t acpi_write_spcr(struct table_writer *w)
{
	size_t begin = table_begin(w, "SPCR", SPCR_REVISION);

	table_u8(w, PORT_PL011);
	table_zeros(w, 3);
	acpi_put_address(w, REGISTER_BITS, ACCESS_DWORD, LAYOUT_UART_BASE);
	table_u8(w, INTERRUPT_GIC);
	table_u8(w, 0);
	table_u32(w, LAYOUT_UART_INTID);
	table_u8(w, BAUD_115200);
	/* No parity. */
	table_u8(w, 0);
	table_u8(w, STOP_BITS);
	/* No flow control. */
	table_u8(w, 0);
	table_u8(w, TERMINAL_ANSI);
	table_u8(w, 0);
	table_u16(w, NO_PCI_ID);
	table_u16(w, NO_PCI_ID);
	/* Where on PCI, flags and segment. */
	table_zeros(w, 3 + sizeof(uint32_t) + 1);
	table_u32(w, 0);
	table_end(w, begin);
	return w->ipa + begin;
}
