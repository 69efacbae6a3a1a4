import { expect } from "@jest/globals";
import { awsFacets } from "../../../components/backends/aws/facets";
import { retryUntil } from "../../../lib/retry";
import { enterEnvironment } from "../../support/environment";
import { region } from "../aws/facts";
import { instances, type Instance } from "../aws/instance-model";
import { givenThings } from "./aws";
import { awsCheckout, type AwsCheckout } from "./aws-checkout";
import { describeFallback } from "./fallback-scenario";

/** As the runner does when nothing is heard of a guest. */
async function interrupt(aws: AwsCheckout): Promise<void> {
  const [id = ""] = aws.living();
  const own = { region, scheduleRoleArn: givenThings.schedulerRole, parameterPrefix: "/kmvm/images" };
  const { console } = awsFacets(own);
  const leave = enterEnvironment({ ...aws.rehearsal.environment, AWS_ENDPOINT_URL: aws.api.url });
  try {
    await console.interrupt?.(id);
    const text = await retryUntil({
      what: "the guest's last words",
      timeoutMs: 120_000,
      attempt: async () => {
        const shown = await console.text(id);
        return shown.includes("end Kernel panic") ? shown : undefined;
      },
    });
    expect(text).toMatch(/Kernel panic - not syncing: NMI[^]*Call Trace:/);
  } finally {
    leave();
  }
}

describeFallback({
  name: "AWS",
  open: () => awsCheckout(),
  machine: "aws:ec2/instance:Instance",
  size: "m8i.large",
  zone: "us-west-2b",
  refusal: "InsufficientInstanceCapacity",
  sizes: ["c8i-flex.large", "c8i.large", "m8i-flex.large", "m8i.large"],
  placeOf({ store }, id) {
    const instance = store.get<Instance>(instances, id);
    return { size: instance?.instanceType, zone: instance?.zone, spot: instance?.spot ?? false };
  },
  guest: [{ what: "a guest that is interrupted says on its console where it was", look: interrupt }],
});
