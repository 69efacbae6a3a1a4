// Runs a few instructions in a virtual machine of $HYPERVISOR_DEVICE and checks what they did.
//
//   km-hello add    a guest adds two numbers, gives the sum by port output byte by byte, and halts
//   km-hello write  a guest writes to its memory, and halts; the host finds what was written
//   km-hello api    the device speaks the interface that the others need
//
// The interface is KVM's: https://docs.kernel.org/virt/kvm/api.html. Guest code is 16 bit real mode, at address 0x1000.

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { guest_base = 0x1000, guest_size = 0x1000, result_at = 0x800, exits_at_most = 16 };

#define OUTPUT_PORT 0x10

static const char *device;

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", device, what, strerror(errno));
	exit(1);
}

static _Noreturn void wrong(const char *what, long expected, long found)
{
	fprintf(stderr, "%s: %s: expected %ld, found %ld\n", device, what, expected, found);
	exit(1);
}

static int call(int fd, unsigned long request, const char *name, void *argument)
{
	int result = ioctl(fd, request, argument);
	if (result < 0)
		fail(name);
	return result;
}

struct machine {
	int kvm, vm, vcpu;
	uint8_t *memory;
	struct kvm_run *run;
};

static int open_device(void)
{
	int kvm = open(device, O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		fail("open");
	int version = call(kvm, KVM_GET_API_VERSION, "KVM_GET_API_VERSION", NULL);
	if (version != KVM_API_VERSION)
		wrong("KVM_GET_API_VERSION", KVM_API_VERSION, version);
	return kvm;
}

/* A machine with one page of memory that holds `code`, one processor about to execute it, a in AX and b in BX. */
static struct machine make_machine(const uint8_t *code, size_t size, uint16_t a, uint16_t b)
{
	struct machine m = { .kvm = open_device() };
	m.vm = call(m.kvm, KVM_CREATE_VM, "KVM_CREATE_VM", NULL);
	m.memory = mmap(NULL, guest_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (m.memory == MAP_FAILED)
		fail("mmap of the guest's memory");
	memcpy(m.memory, code, size);
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = guest_base,
		.memory_size = guest_size,
		.userspace_addr = (uintptr_t)m.memory,
	};
	call(m.vm, KVM_SET_USER_MEMORY_REGION, "KVM_SET_USER_MEMORY_REGION", &region);
	m.vcpu = call(m.vm, KVM_CREATE_VCPU, "KVM_CREATE_VCPU", NULL);
	size_t run_size = call(m.kvm, KVM_GET_VCPU_MMAP_SIZE, "KVM_GET_VCPU_MMAP_SIZE", NULL);
	m.run = mmap(NULL, run_size, PROT_READ | PROT_WRITE, MAP_SHARED, m.vcpu, 0);
	if (m.run == MAP_FAILED)
		fail("mmap of kvm_run");
	struct kvm_sregs sregs;
	call(m.vcpu, KVM_GET_SREGS, "KVM_GET_SREGS", &sregs);
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	call(m.vcpu, KVM_SET_SREGS, "KVM_SET_SREGS", &sregs);
	struct kvm_regs regs = { .rip = guest_base, .rax = a, .rbx = b, .rflags = 2 };
	call(m.vcpu, KVM_SET_REGS, "KVM_SET_REGS", &regs);
	return m;
}

/* Runs until the guest halts; what it gives out goes to `output`. Returns how many bytes that were. */
static size_t run_to_halt(const struct machine *m, char *output, size_t size)
{
	size_t length = 0;
	for (int exits = 0; exits < exits_at_most; exits++) {
		call(m->vcpu, KVM_RUN, "KVM_RUN", NULL);
		switch (m->run->exit_reason) {
		case KVM_EXIT_HLT:
			return length;
		case KVM_EXIT_IO:
			if (m->run->io.direction != KVM_EXIT_IO_OUT || m->run->io.port != OUTPUT_PORT)
				wrong("port of the output", OUTPUT_PORT, m->run->io.port);
			if (length < size)
				output[length++] = *((char *)m->run + m->run->io.data_offset);
			break;
		default:
			wrong("reason of the exit", KVM_EXIT_HLT, m->run->exit_reason);
		}
	}
	wrong("exits before the halt", exits_at_most, exits_at_most + 1);
}

static void add(void)
{
	const uint8_t code[] = {
		0xba, OUTPUT_PORT, 0x00, /* mov $OUTPUT_PORT, %dx */
		0x00, 0xd8,              /* add %bl, %al */
		0x04, '0',               /* add $'0', %al */
		0xee,                    /* out %al, (%dx) */
		0xb0, '\n',              /* mov $'\n', %al */
		0xee,                    /* out %al, (%dx) */
		0xf4,                    /* hlt */
	};
	struct machine m = make_machine(code, sizeof code, 2, 3);
	char output[8] = "";
	size_t length = run_to_halt(&m, output, sizeof output - 1);
	if (length != 2)
		wrong("bytes of output", 2, length);
	if (strcmp(output, "5\n") != 0)
		wrong("2 + 3", '5', output[0]);
	printf("%s: 2 + 3 = %s", device, output);
}

static void write_memory(void)
{
	const uint8_t code[] = {
		0x2e, 0xa3, (guest_base + result_at) & 0xff, (guest_base + result_at) >> 8, /* mov %ax, %cs:result */
		0xf4,                                                                      /* hlt */
	};
	struct machine m = make_machine(code, sizeof code, 0x4b4d, 0);
	run_to_halt(&m, NULL, 0);
	uint16_t found;
	memcpy(&found, m.memory + result_at, sizeof found);
	if (found != 0x4b4d)
		wrong("memory that the guest wrote", 0x4b4d, found);
	printf("%s: the guest wrote %#x\n", device, found);
}

static void api(void)
{
	int kvm = open_device();
	if (call(kvm, KVM_CHECK_EXTENSION, "KVM_CHECK_EXTENSION", (void *)KVM_CAP_USER_MEMORY) <= 0)
		wrong("KVM_CAP_USER_MEMORY", 1, 0);
	printf("%s: interface version %d\n", device, KVM_API_VERSION);
}

int main(int argc, char **argv)
{
	device = getenv("HYPERVISOR_DEVICE");
	if (!device)
		device = "/dev/kvm";
	const char *what = argc > 1 ? argv[1] : "";
	if (strcmp(what, "add") == 0)
		add();
	else if (strcmp(what, "write") == 0)
		write_memory();
	else if (strcmp(what, "api") == 0)
		api();
	else {
		fprintf(stderr, "usage: km-hello add|write|api\n");
		return 2;
	}
	return 0;
}
