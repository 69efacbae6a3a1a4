import type { Settings } from "./settings";

/** Shown instead of a secret value. */
export const hidden = "[secret]";

/** Settings for the evidence: what was asked for, without any secret. */
export function shownSettings(settings: Settings): Record<string, unknown> {
  const { registry, githubToken, environment, ...rest } = settings;
  return {
    ...rest,
    // A value may be anything that make is told, a password too; the names are enough to see what was set.
    environment: Object.keys(environment),
    registry: registry && { ...registry, password: registry.password && hidden },
    githubToken: githubToken && hidden,
  };
}
