import type { Settings } from "../../../stacks/settings";
import type { AwsSettings } from "./settings";

/** The backend's own settings; parsing has refused a stack of this backend without them. */
export function ownSettings(settings: Pick<Settings, "aws">): AwsSettings {
  if (!settings.aws) throw new Error("a stack of backend aws without kmvm:aws");
  return settings.aws;
}
