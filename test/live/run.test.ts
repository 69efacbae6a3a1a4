import { randomBytes } from "node:crypto";
import { cloudFacts } from "../clouds/rehearsal/cloud-facts";
import { describeRun, endings } from "../clouds/rehearsal/run-scenario";
import { realAccount } from "./real-account";

/** As scripts/test-live has checked it. */
const cloud = process.env["KMVM_LIVE"];
if (cloud !== "aws" && cloud !== "azure") throw new Error("start it by npm run test:live -- aws, or azure");

const id = `live-${randomBytes(3).toString("hex")}`;
// Those that need no hand on the machine's processors; a panic is the last one.
const facts = { ...cloudFacts[cloud], endings: [endings.failure, endings.panic] };
describeRun(facts, { kind: "real", id, open: () => realAccount(cloud, `test-dev-${id}`) });
