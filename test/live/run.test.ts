import { randomBytes } from "node:crypto";
import { cloudFacts } from "../clouds/rehearsal/cloud-facts";
import { describeRun } from "../clouds/rehearsal/run-scenario";
import { realAccount } from "./real-account";

/** As scripts/test-live has checked it. */
const cloud = process.env["KMVM_LIVE"];
if (cloud !== "aws" && cloud !== "azure") throw new Error("start it by npm run test:live -- aws, or azure");

const id = `live-${randomBytes(3).toString("hex")}`;
describeRun(cloudFacts[cloud], { kind: "real", id, open: () => realAccount(cloud, `test-dev-${id}`) });
