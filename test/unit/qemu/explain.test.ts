import { describe, expect, test } from "@jest/globals";
import { UserError } from "../../../lib/errors";
import { explainDiskFull } from "../../../provider/qemu/disk-space";
import { AddressTaken, explainQemu } from "../../../provider/qemu/launch";
import { availableMiB, checkMemory } from "../../../provider/qemu/memory";

describe("what QEMU said before it ended", () => {
  test("a taken address is told apart, so that the next one is tried", () => {
    const said =
      "qemu-system-x86_64: -netdev user,id=net: Could not set up host forwarding rule 'tcp:127.2.3.4:2222-:22'";
    expect(explainQemu("/f", said, 1)).toBeInstanceOf(AddressTaken);
  });

  test.each([
    ["qemu-system-x86_64: cannot set up guest memory 'ram': Cannot allocate memory", /too little memory/, /memoryMiB/],
    [
      "setpriv: failed to execute qemu-system-x86_64: No such file or directory",
      /is not installed/,
      /apt-get install qemu-system-x86/,
    ],
    [
      "qemu-system-x86_64: cannot create PID file: Cannot lock pid file: Resource",
      /another QEMU is at work in \/f/,
      /gc/,
    ],
    ["write failed: No space left on device", /disk is full: \/f/, /KMVM_HOME/],
    ["qemu-system-x86_64: something new", /QEMU ended at once: .*something new/, /\/f\/qemu\.log/],
  ])("%s", (said, message, hint) => {
    const error = explainQemu(
      "/f",
      `qemu-system-x86_64: warning: TCG doesn't support requested feature: X\n${said}\n`,
      1,
    );
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toMatch(message);
    expect(error.message).not.toMatch(/TCG/);
    expect(error instanceof UserError && error.hint).toMatch(hint);
  });

  test("silence is said to be that", () => {
    expect(explainQemu("/f", "", 139).message).toMatch(/nothing, exit code 139/);
  });
});

describe("a full disk", () => {
  test.each([
    ["by code", Object.assign(new Error("write"), { code: "ENOSPC" })],
    ["by a program's words", new Error("qemu-img: x: Could not resize: No space left on device")],
  ])("is recognised %s", (_, error) => {
    expect(explainDiskFull("/f", error)).toMatchObject({ message: expect.stringMatching(/the disk is full/) });
  });

  test("other errors stay what they are", () => {
    const error = new Error("other");
    expect(explainDiskFull("/f", error)).toBe(error);
  });
});

describe("memory", () => {
  test("is read from /proc/meminfo in MiB", () => {
    expect(availableMiB("MemTotal: 99 kB\nMemAvailable:    2097152 kB\n")).toBe(2048);
    expect(availableMiB("MemTotal: 99 kB\n")).toBeUndefined();
  });

  test("more than there is is refused with both figures", async () => {
    await expect(checkMemory(1024 * 1024 * 1024)).rejects.toThrow(/1073741824 MiB.*only \d+ MiB are available/);
  });
});
