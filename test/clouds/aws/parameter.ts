import type * as ssm from "@pulumi/aws/ssm";
import type { Properties } from "../../../plugin/values";
import { unknownValue } from "../../../plugin/values";
import { tableOf, type Mistake } from "../lib/property";
import type { RehearsedType } from "../lib/rehearsed";
import type { Thing } from "../lib/store";
import { arn, refuseBadTags, type Account, type Tags } from "./account";
import { ApiError, providerText } from "./api-error";
import { images } from "./image-model";
import { providerCall } from "./provider-call";

/** `id` is its name. */
export interface Parameter extends Thing {
  readonly type: string;
  readonly dataType: string;
  readonly value: string;
  readonly version: number;
  /** Values of versions 1, 2, … */
  readonly history: readonly string[];
  readonly tags: Tags;
}

export const parameters = "parameter";

/** @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html */
const inputs = tableOf<ssm.ParameterArgs>({
  name: {
    kind: "text",
    replaces: true,
    pattern: /^[a-zA-Z0-9_.\-/]{1,1011}$/,
    allowed: "1 to 1011 of a-z A-Z 0-9 _ . - /",
  },
  type: { kind: "choice", of: ["String", "StringList", "SecureString"], required: true },
  dataType: { kind: "choice", of: ["text", "aws:ec2:image", "aws:ssm:integration"] },
  value: { kind: "text" },
  description: { kind: "text", pattern: /^.{0,1024}$/s },
  overwrite: { kind: "flag" },
  tier: { kind: "choice", of: ["Standard", "Advanced", "Intelligent-Tiering"] },
  tags: { kind: "tags" },
  region: { kind: "text", replaces: true },
});

/** @see https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html naming rules */
function rules({ name, value }: Properties): Mistake[] {
  const mistakes: Mistake[] = [];
  if (typeof name === "string" && name !== unknownValue) {
    if (/^\/?(aws|ssm)/i.test(name))
      mistakes.push({ path: "name", reason: `"name": begins with aws or ssm, which are reserved` });
    if (name.split("/").length > 16) mistakes.push({ path: "name", reason: `"name": has more than 15 levels` });
    if (name.includes("/") && !name.startsWith("/"))
      mistakes.push({ path: "name", reason: `"name": must be fully qualified: begin with /` });
  }
  if (value === undefined) mistakes.push({ path: "value", reason: "one of value, insecureValue, valueWo is required" });
  return mistakes;
}

/** One transaction of PutParameter. @throws ApiError */
export function putParameter(
  { store }: Account,
  given: Pick<Parameter, "id" | "type" | "dataType" | "value" | "tags">,
  overwrite: boolean,
): Parameter {
  const known = store.get<Parameter>(parameters, given.id);
  if (known && !overwrite)
    throw new ApiError(
      "ParameterAlreadyExists",
      "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
    );
  // https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-ec2-aliases.html: the value is validated
  if (given.dataType === "aws:ec2:image" && !store.get(images, given.value))
    throw new ApiError("ValidationException", `The following parameter value is not a valid AMI: ${given.value}`);
  // https://docs.aws.amazon.com/general/latest/gr/ssm.html: 4 KB in the standard tier
  if (Buffer.byteLength(given.value) > 4096)
    throw new ApiError(
      "ValidationException",
      "Standard tier parameters support a maximum parameter value of 4096 characters.",
    );
  refuseBadTags(given.tags);
  const put: Parameter = {
    ...given,
    tags: known && Object.keys(given.tags).length === 0 ? known.tags : given.tags,
    version: (known?.version ?? 0) + 1,
    // The oldest go: https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html
    history: [...(known?.history ?? []), given.value].slice(-100),
  };
  store.put(parameters, put);
  return put;
}

export function parameter(account: Account): RehearsedType {
  const { store } = account;
  const shapeOf = (given: Properties) => ({
    id: String(given["name"]),
    type: String(given["type"]),
    dataType: String(given["dataType"] ?? "text"),
    value: String(given["value"]),
    tags: (given["tags"] ?? {}) as Tags,
  });
  const outputs = (one: Parameter, given: Properties): Properties => ({
    ...given,
    name: one.id,
    value: one.value,
    insecureValue: "",
    dataType: one.dataType,
    version: one.version,
    tier: given["tier"] ?? "Standard",
    arn: arn("ssm", `parameter${one.id}`),
    hasValueWo: false,
    tagsAll: one.tags,
  });
  const operation = { service: "SSM", name: "PutParameter" };
  return {
    inputs,
    autoname: "name",
    rules,
    async create(given) {
      const doing = `creating SSM Parameter (${String(given["name"])})`;
      const made = await providerCall(account, doing, operation, () =>
        putParameter(account, shapeOf(given), given["overwrite"] === true),
      );
      // With `overwrite` PutParameter takes no tags, and the provider gives them right after it
      // (terraform-provider-aws, internal/service/ssm/parameter.go); a parameter of an AMI is made some seconds later only:
      // docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-ec2-aliases.html
      if (given["overwrite"] === true && made.dataType === "aws:ec2:image" && Object.keys(made.tags).length > 0)
        throw new Error(
          providerText(doing, { service: "SSM", name: "AddTagsToResource" }, new ApiError("InvalidResourceId", "")),
        );
      return { id: made.id, properties: outputs(made, given) };
    },
    read(id, known) {
      account.call("ssm:GetParameter");
      const found = store.get<Parameter>(parameters, id);
      return Promise.resolve(found && outputs(found, known));
    },
    update: async (id, _olds, news) =>
      outputs(
        await providerCall(account, `updating SSM Parameter (${id})`, operation, () =>
          putParameter(account, shapeOf(news), true),
        ),
        news,
      ),
    delete: (id) =>
      providerCall(account, `deleting SSM Parameter (${id})`, { service: "SSM", name: "DeleteParameter" }, () => {
        store.remove(parameters, id);
      }),
  };
}
