import { keepMachine } from "../lib/machine/host";
import { admitsSsh } from "./firewall";
import { cardOf, noteReady, propertiesOf } from "./machine-power";
import { metadataService } from "./metadata";
import { folderOf, getResource, openSubscription, putResource } from "./subscription";

/** The process that keeps one machine. usage: node azure-host.js SUBSCRIPTION-FOLDER MACHINE-ID */
const [folder = "", id = ""] = process.argv.slice(2);
const subscription = openSubscription(folder);

function machine() {
  const found = getResource(subscription, id);
  if (!found) throw new Error(`there is no ${id}`);
  return found;
}

interface WithKeys {
  readonly linuxConfiguration?: { readonly ssh?: { readonly publicKeys?: { path: string; keyData: string }[] } };
}

function facts() {
  const { osProfile, hardwareProfile } = propertiesOf(machine());
  const { mac, address } = cardOf(subscription, machine());
  return {
    name: machine().name,
    group: id.split("/")[4] ?? "",
    size: hardwareProfile.vmSize,
    computerName: osProfile.computerName,
    adminUsername: osProfile.adminUsername,
    publicKeys: (osProfile as WithKeys).linuxConfiguration?.ssh?.publicKeys ?? [],
    mac,
    publicAddress: address,
  };
}

const place = folderOf(subscription, id);
void keepMachine(place, {
  metadata: metadataService(facts, () => {
    noteReady(place);
  }),
  admits: () => admitsSsh(subscription, machine()),
  // https://learn.microsoft.com/azure/virtual-machines/states-billing: switched off from inside it is stopped, and costs
  ended: () =>
    subscription.store.exclusively(() => {
      const found = getResource(subscription, id);
      if (found) putResource(subscription, { ...found, power: "stopped" });
    }),
});
