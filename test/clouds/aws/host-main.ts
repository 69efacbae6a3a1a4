import { keepMachine } from "../lib/machine/host";
import { openAccount } from "./account";
import { folderOf, instances, networkInterfaces, type Instance, type NetworkInterface } from "./instance-model";
import { finish } from "./instance-power";
import { metadataService } from "./metadata";
import { securityGroups, type SecurityGroup } from "./security-group";
import { admitsSsh } from "./firewall";

/** The process that keeps one instance's machine. usage: node aws-host.js ACCOUNT-FOLDER INSTANCE-ID */
const [folder = "", id = ""] = process.argv.slice(2);
const account = openAccount(folder);
const { store } = account;

const facts = () => {
  const instance = store.get<Instance>(instances, id);
  if (!instance) throw new Error(`there is no ${id}`);
  const card = store.get<NetworkInterface>(networkInterfaces, instance.networkInterfaceId);
  const groupNames = (card?.groups ?? []).map((group) => store.get<SecurityGroup>(securityGroups, group)?.name ?? "");
  return { instance, mac: card?.mac ?? "", groupNames };
};

void keepMachine(folderOf(account, id), {
  metadata: metadataService(facts),
  admits: () => admitsSsh(account, facts().instance),
  ended: () =>
    store.exclusively(() => {
      finish(account, id);
    }),
});
