import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { escapeXml } from "../../../lib/xml-text";

/** What of a machine's OSProfile its guest is told by the provisioning media. */
export interface ProvisioningFacts {
  readonly computerName: string;
  readonly adminUsername: string;
  /** Base64. */
  readonly customData?: string;
}

/** @see cloudinit/sources/helpers/azure.py OvfEnvXml: what it reads, and what it requires */
export function ovfEnvironment({ computerName, adminUsername, customData }: ProvisioningFacts): string {
  const data = customData === undefined ? "" : `<CustomData>${customData}</CustomData>`;
  return `<?xml version="1.0" encoding="utf-8"?>
<ns0:Environment xmlns="http://schemas.dmtf.org/ovf/environment/1"
    xmlns:ns0="http://schemas.dmtf.org/ovf/environment/1" xmlns:ns1="http://schemas.microsoft.com/windowsazure">
  <ns1:ProvisioningSection><ns1:Version>1.0</ns1:Version>
    <ns1:LinuxProvisioningConfigurationSet xmlns="http://schemas.microsoft.com/windowsazure">
      <ConfigurationSetType>LinuxProvisioningConfiguration</ConfigurationSetType>
      <HostName>${escapeXml(computerName)}</HostName>
      <UserName>${escapeXml(adminUsername)}</UserName>
      <DisableSshPasswordAuthentication>true</DisableSshPasswordAuthentication>
      ${data}
    </ns1:LinuxProvisioningConfigurationSet>
  </ns1:ProvisioningSection>
  <ns1:PlatformSettingsSection><ns1:Version>1.0</ns1:Version>
    <ns1:PlatformSettings xmlns="http://schemas.microsoft.com/windowsazure">
      <ProvisionGuestAgent>false</ProvisionGuestAgent>
    </ns1:PlatformSettings>
  </ns1:PlatformSettingsSection>
</ns0:Environment>
`;
}

/** The disc that a machine finds at its first boot: UDF, with one file. */
export function makeMedia(path: string, facts: ProvisioningFacts): void {
  const folder = `${path}.d`;
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(join(folder, "ovf-env.xml"), ovfEnvironment(facts), { mode: 0o600 });
  execFileSync("genisoimage", ["-quiet", "-udf", "-o", path, folder], { stdio: "ignore" });
  rmSync(folder, { recursive: true });
}
