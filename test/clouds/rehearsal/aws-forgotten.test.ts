import { afterAll, beforeAll, expect } from "@jest/globals";
import { testUnless } from "../../support/needs";
import { endedWith, missingForKmvm } from "../../support/own-checkout";
import { instances, networkInterfaces, volumes, type Instance } from "../aws/instance-model";
import { awsCheckout, type AwsCheckout } from "./aws-checkout";
import { missingForRehearsal } from "./needs";

const missing = missingForKmvm() ?? missingForRehearsal();
const limit = 300_000;

let cloud: AwsCheckout;
beforeAll(async () => {
  if (missing !== undefined) return;
  cloud = await awsCheckout();
  cloud.store.put("policy", { id: "no-machines" });
}, limit);
afterAll(async () => {
  if (missing === undefined) await cloud.close();
}, limit);

testUnless(missing)(
  "a machine that ended by itself, and that EC2 has forgotten, leaves a stack that can be removed",
  async () => {
    const { checkout, store } = cloud;
    const stack = "vm-dev-forgotten";
    await checkout.kmvm("vm", "--help");
    endedWith(0, await checkout.pulumi("stack", "init", stack));
    endedWith(0, await checkout.pulumi("up", "--yes", "--skip-preview", "-s", stack, "-c", "kmvm:backend=aws"));
    const [id = "none"] = cloud.living();
    const { volumeId, networkInterfaceId } = store.get<Instance>(instances, id) ?? {};
    store.remove(instances, id);
    store.remove(volumes, volumeId ?? "none");
    store.remove(networkInterfaces, networkInterfaceId ?? "none");

    endedWith(0, await checkout.kmvm("vm", "delete", stack));
    expect(cloud.difference()).toEqual([]);
    expect(cloud.problems()).toEqual([]);
    expect(checkout.leftovers()).toEqual([]);
  },
  limit,
);
