import type { Account, Tags } from "../account";
import { ApiError } from "../api-error";
import { quotas, type QuotaCode } from "../facts";
import { parameters, putParameter, type Parameter } from "../parameter";
import { quotaValue } from "../run-instance";
import { schedules, type Schedule } from "../schedule";
import { arn } from "../account";

type Answer = Record<string, unknown>;
type Given = Readonly<Record<string, unknown>>;

const found = ({ store }: Account, name: string): Parameter => {
  const parameter = store.get<Parameter>(parameters, name);
  if (!parameter) throw new ApiError("ParameterNotFound", "");
  return parameter;
};

const shown = ({ id, type, value, version, dataType }: Parameter): Answer => ({
  Name: id,
  Type: type,
  Value: value,
  Version: version,
  DataType: dataType,
  ARN: arn("ssm", `parameter${id}`),
});

/** A page of a list, by the number that it begins at. */
function pageOf<T>(all: readonly T[], token: unknown, size: number): { page: readonly T[]; next: string | undefined } {
  const from = Number(token ?? 0);
  return { page: all.slice(from, from + size), next: from + size < all.length ? String(from + size) : undefined };
}

/** @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html at most 10 */
function byPath({ store }: Account, given: Given): Answer {
  const path = String(given["Path"]).replace(/\/$/, "");
  const size = Number(given["MaxResults"] ?? 10);
  if (size > 10)
    throw new ApiError("ValidationException", "MaxResults: Member must have value less than or equal to 10");
  const below = store.list<Parameter>(parameters).filter(({ id }) => {
    if (!id.startsWith(`${path}/`)) return false;
    return given["Recursive"] === true || !id.slice(path.length + 1).includes("/");
  });
  const { page, next } = pageOf(below, given["NextToken"], size);
  return { Parameters: page.map(shown), NextToken: next };
}

function quota(given: Given, value: (code: QuotaCode) => number): Answer {
  const code = String(given["QuotaCode"]);
  if (given["ServiceCode"] !== "ec2" || !(code in quotas))
    throw new ApiError("NoSuchResourceException", "The request failed because the specified quota does not exist.");
  const known = code as QuotaCode;
  return {
    Quota: {
      ServiceCode: "ec2",
      QuotaCode: code,
      QuotaName: quotas[known].name,
      Value: value(known),
      Adjustable: true,
    },
  };
}

/** Operation of a JSON protocol, `X-Amz-Target` -> what it does. */
export const jsonOperations: Readonly<Record<string, (account: Account, given: Given) => Answer>> = {
  "AmazonSSM.GetParameter": (account, { Name }) => ({ Parameter: shown(found(account, String(Name))) }),
  "AmazonSSM.GetParametersByPath": byPath,
  "AmazonSSM.GetParameterHistory": (account, { Name }) => {
    const { history, version } = found(account, String(Name));
    return {
      Parameters: history.map((Value, index) => ({ Name, Value, Version: version - history.length + 1 + index })),
    };
  },
  "AmazonSSM.PutParameter": (account, given) => {
    const tags = ((given["Tags"] ?? []) as { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value]);
    const { version } = putParameter(
      account,
      {
        id: String(given["Name"]),
        type: String(given["Type"] ?? "String"),
        dataType: String(given["DataType"] ?? "text"),
        value: String(given["Value"]),
        tags: Object.fromEntries(tags) as Tags,
      },
      given["Overwrite"] === true,
    );
    return { Version: version, Tier: "Standard" };
  },
  "AmazonSSM.DeleteParameter": (account, { Name }) => {
    account.store.remove(parameters, found(account, String(Name)).id);
    return {};
  },
  "ServiceQuotasV20190624.GetServiceQuota": (account, given) => quota(given, (code) => quotaValue(account, code)),
  "ServiceQuotasV20190624.GetAWSDefaultServiceQuota": (_, given) => quota(given, (code) => quotas[code].value),
};

/** The REST API of EventBridge Scheduler. @see https://docs.aws.amazon.com/scheduler/latest/APIReference/API_ListSchedules.html */
export function schedulerRequest(account: Account, method: string, url: URL): { action: string; answer: () => Answer } {
  const { store } = account;
  const name = decodeURIComponent(url.pathname.split("/")[2] ?? "");
  const id = `${url.searchParams.get("groupName") ?? "default"}/${name}`;
  const one = (): Schedule => {
    const schedule = store.get<Schedule>(schedules, id);
    if (!schedule) throw new ApiError("ResourceNotFoundException", `Schedule ${name} does not exist.`, 404);
    return schedule;
  };
  if (name === "" && method === "GET")
    return {
      action: "scheduler:ListSchedules",
      answer: () => {
        const prefix = url.searchParams.get("NamePrefix") ?? "";
        const all = store.list<Schedule>(schedules).filter((schedule) => schedule.name.startsWith(prefix));
        const size = Number(url.searchParams.get("MaxResults") ?? 100);
        const { page, next } = pageOf(all, url.searchParams.get("NextToken") ?? undefined, size);
        return {
          Schedules: page.map((schedule) => ({
            Name: schedule.name,
            GroupName: schedule.groupName,
            State: schedule.state,
          })),
          NextToken: next,
        };
      },
    };
  if (method === "GET")
    return {
      action: "scheduler:GetSchedule",
      answer: () => {
        const { groupName, expression, state, description } = one();
        return {
          Name: name,
          GroupName: groupName,
          ScheduleExpression: expression,
          State: state,
          Description: description,
        };
      },
    };
  if (method === "DELETE")
    return {
      action: "scheduler:DeleteSchedule",
      answer: () => {
        store.remove(schedules, one().id);
        return {};
      },
    };
  throw new Error(`the rehearsal does not play ${method} ${url.pathname}`);
}
