import type * as aws from "@pulumi/aws/ec2";
import type { ec2 } from "@pulumi/aws/types/input";
import type { Properties } from "../../../plugin/values";
import { tableOf } from "../lib/property";
import type { RehearsedType } from "../lib/rehearsed";
import type { Thing } from "../lib/store";
import { arn, newId, refuseBadTags, type Account, type Tags } from "./account";
import { ApiError } from "./api-error";
import { providerCall } from "./provider-call";

interface TagSpecification {
  readonly resourceType: string;
  readonly tags: Tags;
}

export type ShutdownBehavior = "stop" | "terminate";

export interface LaunchTemplate extends Thing {
  readonly name: string;
  readonly version: number;
  readonly shutdownBehavior: ShutdownBehavior | undefined;
  readonly tagSpecifications: readonly TagSpecification[];
  readonly tags: Tags;
}

export const launchTemplates = "launch-template";

/** @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html; of its data only what kmvm says is played */
const inputs = tableOf<aws.LaunchTemplateArgs>({
  name: {
    kind: "text",
    replaces: true,
    pattern: /^[a-zA-Z0-9().\-/_]{3,128}$/,
    allowed: "3 to 128 of a-z A-Z 0-9 ( ) . - / _",
  },
  description: { kind: "text", pattern: /^.{0,255}$/s },
  tags: { kind: "tags" },
  region: { kind: "text", replaces: true },
  instanceInitiatedShutdownBehavior: { kind: "choice", of: ["stop", "terminate"] },
  tagSpecifications: {
    kind: "objects",
    of: tableOf<ec2.LaunchTemplateTagSpecification>({
      // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LaunchTemplateTagSpecificationRequest.html
      resourceType: { kind: "choice", of: ["instance", "volume", "network-interface", "spot-instances-request"] },
      tags: { kind: "tags" },
    }),
  },
});

export function launchTemplate(account: Account): RehearsedType {
  const { store } = account;
  const outputs = (template: LaunchTemplate, given: Properties): Properties => ({
    ...given,
    arn: arn("ec2", `launch-template/${template.id}`),
    latestVersion: template.version,
    defaultVersion: 1,
    tagsAll: template.tags,
  });
  const dataOf = (given: Properties) => {
    const tagSpecifications = (given["tagSpecifications"] ?? []) as TagSpecification[];
    tagSpecifications.forEach(({ tags }) => {
      refuseBadTags(tags);
    });
    return {
      tagSpecifications,
      shutdownBehavior: given["instanceInitiatedShutdownBehavior"] as ShutdownBehavior | undefined,
    };
  };
  return {
    inputs,
    autoname: "name",
    async create(given) {
      const name = String(given["name"]);
      const operation = { service: "EC2", name: "CreateLaunchTemplate" };
      const made = await providerCall(account, `creating EC2 Launch Template (${name})`, operation, () => {
        const tags = (given["tags"] ?? {}) as Tags;
        refuseBadTags(tags);
        // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html InvalidLaunchTemplateName.AlreadyExistsException
        if (store.list<LaunchTemplate>(launchTemplates).some((one) => one.name === name))
          throw new ApiError(
            "InvalidLaunchTemplateName.AlreadyExistsException",
            "Launch template name already in use.",
          );
        const template = { id: newId("lt"), name, version: 1, ...dataOf(given), tags };
        store.put<LaunchTemplate>(launchTemplates, template);
        return template;
      });
      return { id: made.id, properties: outputs(made, given) };
    },
    read(id, known) {
      account.call("ec2:DescribeLaunchTemplates");
      account.call("ec2:DescribeLaunchTemplateVersions");
      const found = store.get<LaunchTemplate>(launchTemplates, id);
      return Promise.resolve(found && outputs(found, known));
    },
    update: (id, _olds, news) =>
      providerCall(
        account,
        `updating EC2 Launch Template (${id})`,
        { service: "EC2", name: "CreateLaunchTemplateVersion" },
        () => {
          const known = store.get<LaunchTemplate>(launchTemplates, id);
          if (!known)
            throw new ApiError(
              "InvalidLaunchTemplateId.NotFound",
              `The specified launch template, with template ID ${id}, does not exist.`,
            );
          const tags = (news["tags"] ?? {}) as Tags;
          const changed: LaunchTemplate = {
            ...known,
            version: known.version + 1,
            ...dataOf(news),
            tags,
          };
          store.put(launchTemplates, changed);
          return outputs(changed, news);
        },
      ),
    delete: (id) =>
      providerCall(
        account,
        `deleting EC2 Launch Template (${id})`,
        { service: "EC2", name: "DeleteLaunchTemplate" },
        () => {
          store.remove(launchTemplates, id);
        },
      ),
  };
}

/**
 * The launch template that an instance is to be made by; undefined where none is given.
 * @throws ApiError
 */
export function templateOf(
  { store }: Account,
  given: { readonly id?: string; readonly name?: string; readonly version?: string } | undefined,
): LaunchTemplate | undefined {
  if (!given) return undefined;
  const template = store
    .list<LaunchTemplate>(launchTemplates)
    .find(({ id, name }) => id === given.id || name === given.name);
  if (!template)
    throw new ApiError(
      "InvalidLaunchTemplateId.NotFound",
      `The specified launch template, with template ID ${given.id ?? ""}, does not exist.`,
    );
  const { version = "$Default" } = given;
  if (!version.startsWith("$") && Number(version) !== template.version)
    throw new ApiError("InvalidLaunchTemplateId.VersionNotFound", `Could not find launch template version`);
  return template;
}
