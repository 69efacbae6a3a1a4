import { execFileSync } from "node:child_process";
import { describe, expect, test } from "@jest/globals";
import { runnerCommand, verdictCommand } from "../../../components/runner-command";

/** The environment that a command's program would have. */
function environmentOf(command: string, given: Record<string, string>): string[] {
  const env = { PATH: process.env["PATH"] ?? "", HOME: "/home/me", ...given };
  const script = command.replace(/bin\/kmvm-runner.*/, "/usr/bin/env -0");
  return execFileSync("sh", ["-c", script], { env }).toString().split("\0").filter(Boolean);
}

/** What a shell itself adds. */
const ofShells = ["PWD", "OLDPWD", "SHLVL", "_"];
const names = (environment: readonly string[]) =>
  environment
    .map((one) => one.split("=")[0] ?? "")
    .filter((name) => !ofShells.includes(name))
    .sort();

const network = {
  HTTPS_PROXY: "http://proxy:3128",
  https_proxy: "http://proxy:3128",
  NO_PROXY: "169.254.169.254",
  no_proxy: "169.254.169.254",
  NODE_EXTRA_CA_CERTS: "/etc/company.pem",
  SSL_CERT_FILE: "/etc/company.pem",
};
const secrets = { AWS_SECRET_ACCESS_KEY: "canary", TOKEN: "canary", XAWS_A: "canary", HTTPS_PROXY_TOKEN: "canary" };

describe("the runner", () => {
  test("is started without what the user has in the environment, but with how the network is reached", () => {
    const environment = environmentOf(runnerCommand(), { ...secrets, ...network, KMVM_HOME: "/k", TMPDIR: "/t" });
    expect(names(environment)).toEqual(["HOME", "KMVM_HOME", "PATH", "TMPDIR", ...Object.keys(network)].sort());
    expect(environment).toContain("HTTPS_PROXY=http://proxy:3128");
  });

  test("keeps what the backend's provider is reached by, and nothing else", () => {
    const key = "many\nTOKEN=lines\nPATH=/evil";
    const given = { ...secrets, ...network, AWS_SECRET_ACCESS_KEY: key, AWS_ENDPOINT_URL: "http://127.0.0.1:1" };
    const environment = environmentOf(runnerCommand(["AWS_"]), given);
    expect(environment).toContain(`AWS_SECRET_ACCESS_KEY=${key}`);
    expect(environment).toContain("AWS_ENDPOINT_URL=http://127.0.0.1:1");
    expect(environment).toContain("NO_PROXY=169.254.169.254");
    expect(environment).toContain("HOME=/home/me");
    expect(environment.join("\n")).not.toContain("canary");
  });

  test("has no value of the environment in its command", () => {
    expect(runnerCommand(["AWS_"])).not.toMatch(/\$(\{)?(AWS|HTTP|http)/);
  });

  test("is started with nothing of the network where it only tells the verdict", () => {
    const environment = environmentOf(verdictCommand, { ...secrets, ...network });
    expect(names(environment)).toEqual(["HOME", "KMVM_HOME", "PATH", "TMPDIR"]);
  });
});
