import type * as aws from "@pulumi/aws/scheduler";
import type { scheduler } from "@pulumi/aws/types/input";
import type { Properties } from "../../../plugin/values";
import { unknownValue } from "../../../plugin/values";
import { tableOf, type Mistake } from "../lib/property";
import type { RehearsedType } from "../lib/rehearsed";
import type { Thing } from "../lib/store";
import { arn, type Account } from "./account";
import { ApiError } from "./api-error";
import { terminateInstance } from "./instance-power";
import { providerCall } from "./provider-call";

export interface Schedule extends Thing {
  readonly name: string;
  readonly groupName: string;
  readonly expression: string;
  readonly state: "ENABLED" | "DISABLED";
  readonly actionAfterCompletion: "NONE" | "DELETE";
  readonly target: { readonly arn: string; readonly roleArn: string; readonly input: string };
  readonly description: string;
}

export const schedules = "schedule";

/** @see https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html patterns and choices */
const inputs = tableOf<aws.ScheduleArgs>({
  name: { kind: "text", replaces: true, pattern: /^[0-9a-zA-Z\-_.]{1,64}$/, allowed: "1 to 64 of 0-9 a-z A-Z - _ ." },
  groupName: { kind: "text", replaces: true, pattern: /^[0-9a-zA-Z\-_.]{1,64}$/ },
  description: { kind: "text", pattern: /^.{0,512}$/s },
  scheduleExpression: {
    kind: "text",
    required: true,
    pattern: new RegExp(
      `^(at\\(\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\)|rate\\(.+\\)|cron\\(.+\\)|${unknownValue})$`,
    ),
    allowed: "at(yyyy-mm-ddThh:mm:ss), rate(value unit) or cron(fields)",
  },
  scheduleExpressionTimezone: { kind: "text" },
  actionAfterCompletion: { kind: "choice", of: ["NONE", "DELETE"] },
  state: { kind: "choice", of: ["ENABLED", "DISABLED"] },
  region: { kind: "text", replaces: true },
  flexibleTimeWindow: {
    kind: "object",
    required: true,
    of: tableOf<scheduler.ScheduleFlexibleTimeWindow>({
      mode: { kind: "choice", of: ["OFF", "FLEXIBLE"], required: true },
      maximumWindowInMinutes: { kind: "number", min: 1, max: 1440 },
    }),
  },
  target: {
    kind: "object",
    required: true,
    of: tableOf<scheduler.ScheduleTarget>({
      arn: { kind: "text", required: true, pattern: /^arn:aws/ },
      roleArn: {
        kind: "text",
        required: true,
        pattern: /^arn:aws:iam::\d{12}:role\/[\w+=,.@/-]+$/,
        allowed: "a role's ARN",
      },
      input: { kind: "text" },
      retryPolicy: {
        kind: "object",
        of: tableOf<scheduler.ScheduleTargetRetryPolicy>({
          maximumEventAgeInSeconds: { kind: "number", min: 60, max: 86400 },
          maximumRetryAttempts: { kind: "number", min: 0, max: 185 },
        }),
      },
    }),
  },
});

/** @see https://docs.aws.amazon.com/scheduler/latest/APIReference/API_FlexibleTimeWindow.html */
function rules(given: Properties): Mistake[] {
  const { mode, maximumWindowInMinutes } = given["flexibleTimeWindow"] as Properties;
  return mode === "OFF" && maximumWindowInMinutes !== undefined
    ? [{ path: "flexibleTimeWindow.maximumWindowInMinutes", reason: "not with the mode OFF" }]
    : [];
}

/** The one universal target that is played. @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html */
const terminateTarget = "arn:aws:scheduler:::aws-sdk:ec2:terminateInstances";

/** The instances that a schedule's input names, as the API's parameters are written there. @throws ApiError */
function instanceIds(input: string): string[] {
  try {
    const { InstanceIds: ids } = JSON.parse(input) as { InstanceIds: string[] };
    if (Array.isArray(ids) && ids.length > 0 && ids.every((id) => /^i-[0-9a-f]{17}$/.test(id))) return ids;
  } catch {
    // The same refusal.
  }
  throw new ApiError("ValidationException", `Invalid request provided: target input ${input}`);
}

const idOf = (given: Properties): string => `${String(given["groupName"] ?? "default")}/${String(given["name"])}`;

function scheduleOf(given: Properties): Schedule {
  const target = given["target"] as Record<string, string>;
  return {
    id: idOf(given),
    name: String(given["name"]),
    groupName: String(given["groupName"] ?? "default"),
    expression: String(given["scheduleExpression"]),
    state: (given["state"] ?? "ENABLED") as Schedule["state"],
    actionAfterCompletion: (given["actionAfterCompletion"] ?? "NONE") as Schedule["actionAfterCompletion"],
    target: { arn: target["arn"] ?? "", roleArn: target["roleArn"] ?? "", input: target["input"] ?? "" },
    description: String(given["description"] ?? ""),
  };
}

export function schedule(account: Account): RehearsedType {
  const { store } = account;
  const outputs = (given: Properties) => ({
    ...given,
    arn: arn("scheduler", `schedule/${idOf(given)}`),
    groupName: given["groupName"] ?? "default",
    state: given["state"] ?? "ENABLED",
    actionAfterCompletion: given["actionAfterCompletion"] ?? "NONE",
    scheduleExpressionTimezone: given["scheduleExpressionTimezone"] ?? "UTC",
    namePrefix: "",
  });
  const accept = (given: Properties): Schedule => {
    const made = scheduleOf(given);
    // Roles that exist can be assumed: https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html#setting-up-execution-role
    if (!store.get("role", made.target.roleArn))
      throw new ApiError(
        "ValidationException",
        "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
      );
    if (made.target.arn !== terminateTarget)
      throw new Error(`the rehearsal does not play the target ${made.target.arn}`);
    instanceIds(made.target.input);
    return made;
  };
  return {
    inputs,
    autoname: "name",
    rules,
    async create(given) {
      const operation = { service: "Scheduler", name: "CreateSchedule" };
      account.call("iam:PassRole");
      const made = await providerCall(
        account,
        `creating EventBridge Scheduler Schedule (${String(given["name"])})`,
        operation,
        () => {
          const one = accept(given);
          if (store.get(schedules, one.id))
            throw new ApiError("ConflictException", `Schedule ${one.name} already exists.`, 409);
          store.put(schedules, one);
          return one;
        },
      );
      return { id: made.id, properties: outputs(given) };
    },
    read(id, known) {
      account.call("scheduler:GetSchedule");
      const found = store.get<Schedule>(schedules, id);
      return Promise.resolve(found && { ...known, scheduleExpression: found.expression, state: found.state });
    },
    update: (id, _olds, news) =>
      providerCall(
        account,
        `updating EventBridge Scheduler Schedule (${id})`,
        { service: "Scheduler", name: "UpdateSchedule" },
        () => {
          if (!store.get(schedules, id))
            throw new ApiError("ResourceNotFoundException", `Schedule ${id} does not exist.`, 404);
          account.call("iam:PassRole");
          store.put(schedules, accept(news));
          return outputs(news);
        },
      ),
    delete: (id) =>
      providerCall(
        account,
        `deleting EventBridge Scheduler Schedule (${id})`,
        { service: "Scheduler", name: "DeleteSchedule" },
        () => {
          store.remove(schedules, id);
        },
      ),
  };
}

/**
 * The cloud's own clock reaches a moment: every schedule that is due by then does what it is for. One that is done with is
 * removed only if its ActionAfterCompletion says so.
 */
export async function timePasses(account: Account, until: Date): Promise<void> {
  const { store } = account;
  for (const one of store.list<Schedule>(schedules)) {
    const at = /^at\((.+)\)$/.exec(one.expression)?.[1];
    if (at === undefined || one.state === "DISABLED" || Date.parse(`${at}Z`) > until.getTime()) continue;
    for (const id of instanceIds(one.target.input))
      await terminateInstance(account, id, "Client.UserInitiatedShutdown: User initiated shutdown").catch(
        (error: unknown) => {
          // What a schedule does may fail: nobody hears of it.
          if (!(error instanceof ApiError)) throw error;
        },
      );
    if (one.actionAfterCompletion === "DELETE") store.remove(schedules, one.id);
    else store.put(schedules, { ...one, state: "DISABLED" } as Schedule);
  }
}
