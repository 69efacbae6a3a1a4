import { azureSettings } from "../../../../components/backends/azure/settings";
import { parseStackName } from "../../../../stacks/name";
import { parseSettings } from "../../../../stacks/parse-settings";
import type { Settings } from "../../../../stacks/settings";

/** Settings as a stack of backend azure has them. */
export function azureStack(own: Record<string, unknown> = {}, others: Record<string, string> = {}): Settings {
  const [example] = azureSettings.meta()?.examples as [Record<string, unknown>];
  const { settings, problems } = parseSettings(parseStackName("test-ci-240"), {
    profile: "config: {}",
    configuration: { backend: "azure", azure: JSON.stringify({ ...example, ...own }), ...others },
    environment: {},
    root: "/",
    isDirectory: () => true,
  });
  if (!settings) throw new Error(JSON.stringify(problems));
  return settings;
}
