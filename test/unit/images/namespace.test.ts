import { expect, test } from "@jest/globals";
import { howToAllowNamespaces } from "../../../provider/images/namespace";

/** Of an ordinary user, on a host with these switches. */
const advice = (switches: Record<string, string>) =>
  howToAllowNamespaces(false, (path) => switches[path.slice("/proc/sys/kernel/".length)]);

test.each<[string, Record<string, string>, string]>([
  ["Ubuntu's", { apparmor_restrict_unprivileged_userns: "1\n" }, "kernel.apparmor_restrict_unprivileged_userns=0"],
  ["Debian's of old", { unprivileged_userns_clone: "0\n" }, "kernel.unprivileged_userns_clone=1"],
])("where %s switch keeps ordinary users from namespaces, it is named", (_what, switches, advised) => {
  expect(advice(switches)).toContain(`sudo sysctl ${advised}`);
});

test.each<[string, Record<string, string>]>([
  ["there are none", {}],
  ["they allow it", { apparmor_restrict_unprivileged_userns: "0\n", unprivileged_userns_clone: "1\n" }],
])("where it is no switch (%s), subordinate ids are what is missing", (_what, switches) => {
  expect(advice(switches)).toMatch(/uidmap.*\/etc\/subuid/);
});

test("root in a container is not told to be root", () => {
  expect(howToAllowNamespaces(true)).toMatch(/privileged/);
});
