import type { Problem } from "../components/backends/backend";
import type { StackName } from "./name";
import { settingDefinitions, type ParsedValues, type SettingKey } from "./setting-definitions";
import { located, sealed, type Raw, type SettingSources } from "./setting-sources";
import { backends } from "./settings";
import type { Subject } from "./subject";

/** What no single setting can tell. Looks only at settings that are right by themselves. */
export function combinedProblems(
  parsed: ParsedValues,
  { kind }: Pick<StackName, "kind">,
  sources: SettingSources,
): Problem[] {
  const problems: Problem[] = [];
  const isGiven = (key: SettingKey) => parsed[key] !== undefined || sources.configuration[key] === sealed;
  for (const key of ["source", "kkmSource"] as const) {
    const source = parsed[key] && located(parsed[key], undefined, sources.root);
    if (source?.kind === "directory" && !sources.isDirectory(source.path))
      problems.push({
        key,
        value: source.path,
        allowed: "a directory that exists",
        fix: "give another path, or make it",
      });
  }
  // Only a run builds the module; without one the device says which machine is wanted.
  if (kind === "test" && parsed.device === "/dev/kkm" && !isGiven("kkmSource"))
    problems.push({
      key: "kkmSource",
      value: undefined,
      allowed: "needed for tests on /dev/kkm",
      fix: "give the directory or repository of the module",
    });
  const [missing, other] = (["registryUsername", "registryPassword"] as const).filter((key) => !isGiven(key));
  if (missing && !other)
    problems.push({
      key: missing,
      value: undefined,
      allowed: "user and password of the registry, or neither",
      fix: "give both (SP_APPID and SP_PASSWORD)",
    });
  if (!isGiven("registry") && !missing)
    problems.push({
      key: "registry",
      value: undefined,
      allowed: "needed with a user of it",
      fix: "give the registry's host",
    });
  return problems;
}

/**
 * A backend's own settings are there for it, and for it alone. A profile and the environment may hold those of several
 * backends; the configuration of a stack is about one machine.
 */
export function backendProblems(
  parsed: ParsedValues,
  raw: ReadonlyMap<string, Raw>,
  stack: StackName,
  subject: Subject,
): Problem[] {
  return backends.flatMap((name): Problem[] => {
    const from = raw.get(name)?.from;
    if (name === parsed.backend && !parsed[name] && from === undefined)
      return [
        {
          key: name,
          value: undefined,
          allowed: `needed with backend ${name}: ${settingDefinitions[name].allowed}`,
          fix: `give kmvm:${name} in Pulumi.${stack.profile}.yaml, or ${subject.give(name)}`,
        },
      ];
    if (parsed.backend && name !== parsed.backend && parsed[name] && from === subject.configuration)
      return [
        {
          key: name,
          value: parsed[name],
          allowed: `only with backend ${name}; the backend is ${parsed.backend}`,
          fix: `pulumi config rm -s ${stack.full} kmvm:${name}`,
        },
      ];
    return [];
  });
}
