import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Guest } from "./guest";

let guest: Guest;
beforeEach(async () => {
  guest = await Guest.make();
  await guest.source("a", "echo testing");
});
afterEach(() => guest.remove());

const run = () => guest.run("km-test", "--unit");
const registry = { REGISTRY_HOST: "r.example:5000", REGISTRY_USERNAME: "user", IMAGE_VERSION: "ci-1" };
const password = "pass word's";
const login = `cat > "$KMVM_PREFIX/got"; mkdir -p "$DOCKER_CONFIG"; echo {} > "$DOCKER_CONFIG/config.json"\n`;

describe("login to the registry", () => {
  beforeEach(async () => {
    await guest.settings(registry);
    await guest.write("run/kmvm/registry-password", password);
    await guest.command("docker", login);
  });

  test("gets the password by standard input, and the file of it is removed", async () => {
    const { code, output } = await run();
    expect(code).toBe(0);
    expect(await guest.read("got")).toBe(password);
    expect(await guest.calls()).toEqual(["docker login --username user --password-stdin r.example:5000"]);
    expect(existsSync(guest.path("run/kmvm/registry-password"))).toBe(false);
    expect(output).not.toContain(password);
  });

  test("that is refused ends the run as one that could not be made", async () => {
    await guest.command("docker", "exit 1\n");
    const { code, output } = await run();
    expect(code).toBe(3);
    expect(output).toContain("user could not log in to r.example:5000");
    expect((await guest.ended()).at(-1)).toBe("registry 1");
  });

  test("still holds when a person runs the test again", async () => {
    await run();
    const { code } = await guest.run("km-test");
    expect(code).toBe(0);
    expect(await guest.calls()).toHaveLength(1);
  });

  test("that was lost is said", async () => {
    await rm(guest.path("run/kmvm/registry-password"));
    const { code, output } = await run();
    expect(code).toBe(3);
    expect(output).toContain("the password of r.example:5000 is gone, and there is no login");
  });

  test("is of no use to a registry without users, and skipped", async () => {
    await guest.settings({ ...registry, REGISTRY_USERNAME: "" });
    const { code, output } = await run();
    expect(code).toBe(0);
    expect(output).toContain("skipped: no user of r.example:5000 is configured");
  });

  test("of a registry without TLS: docker and podman are told", async () => {
    await guest.settings({ ...registry, REGISTRY_INSECURE: "1" });
    await run();
    expect(JSON.parse(await guest.read("etc/docker/daemon.json"))).toEqual({
      "insecure-registries": ["r.example:5000"],
    });
    expect(await guest.read("etc/containers/registries.conf.d/kmvm.conf")).toContain('location = "r.example:5000"');
    expect((await guest.calls())[0]).toBe("systemctl try-reload-or-restart docker.service");
  });

  test("of a registry with TLS: nothing is made insecure", async () => {
    await run();
    expect(existsSync(guest.path("etc/docker/daemon.json"))).toBe(false);
  });
});

describe("pulling", () => {
  beforeEach(() => guest.command("docker", login));

  test.each([
    ["test", "pull-testenv-image"],
    ["test-all", "pull-testenv-image"],
    ["validate-runenv-image", "pull-runenv-image"],
  ])("for %s makes %s of the version from the registry", async (TARGET, pull) => {
    await guest.settings({ ...registry, REGISTRY_USERNAME: "", TARGET });
    const { output } = await run();
    expect(output).toContain(`${pull} r.example:5000 ci-1\n`);
  });

  test("without a version is skipped, and said why", async () => {
    await guest.settings({ ...registry, REGISTRY_USERNAME: "", IMAGE_VERSION: "" });
    const { code, output } = await run();
    expect(code).toBe(0);
    expect(output).toContain("skipped: there is no image version to pull (setting imageVersion)");
  });

  test("that fails ends the run as one that could not be made", async () => {
    await guest.settings({ ...registry, REGISTRY_USERNAME: "" });
    await guest.write("var/lib/kmvm/source/a/Makefile", "pull-testenv-image:\n\t@exit 1\ntest:\n\t@echo testing\n");
    const { code, output } = await run();
    expect(code).toBe(3);
    expect(output).not.toContain("testing");
    expect((await guest.ended()).at(-1)).toBe("pull a 2");
  });
});
