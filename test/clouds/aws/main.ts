import { serve } from "../../../plugin/server";
import { rehearsed, type RehearsedType } from "../lib/rehearsed";
import { openAccount } from "./account";
import { ApiError, providerText } from "./api-error";
import { credentials } from "./facts";
import { faultError } from "./faults";
import { functions } from "./functions";
import { types } from "./types";

/** The plugin that plays Amazon's provider. $KMVM_REHEARSAL_AWS is the folder of the account. */
const folder = process.env["KMVM_REHEARSAL_AWS"];
if (!folder) throw new Error("KMVM_REHEARSAL_AWS says no folder");
const account = openAccount(folder);

const playedTypes: Readonly<Record<string, RehearsedType>> = types(account);

void serve({
  name: "aws",
  version: "7.48.0",
  types: Object.fromEntries(
    Object.entries(playedTypes).map(([token, type]) => [
      token,
      rehearsed(token, type, { store: account.store, faultError }),
    ]),
  ),
  functions: functions(account),
  configure({ region }) {
    // https://www.pulumi.com/registry/packages/aws/installation-configuration/: without a region nothing is asked
    if (region === undefined && !process.env["AWS_REGION"] && !process.env["AWS_DEFAULT_REGION"])
      throw new Error("Missing region configuration: set aws:region, AWS_REGION or AWS_DEFAULT_REGION");
    account.call("sts:GetCallerIdentity");
    // https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html InvalidClientTokenId
    if (process.env["AWS_ACCESS_KEY_ID"] !== credentials.AWS_ACCESS_KEY_ID)
      throw new Error(
        providerText(
          "validating provider credentials: retrieving caller identity from STS",
          { service: "STS", name: "GetCallerIdentity" },
          new ApiError("InvalidClientTokenId", "The security token included in the request is invalid.", 403),
        ),
      );
  },
});
