import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { recordHit, takeFault, type FaultKind } from "../../lib/faults";
import { openAccount, type Account } from "../account";
import { ApiError } from "../api-error";
import { accountId, credentials } from "../facts";
import { refusals } from "../faults";
import { ec2 } from "./ec2";
import { jsonOperations, schedulerRequest } from "./json";
import { s3Error, s3Request } from "./s3";
import { Query, xml } from "./wire";

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Record<string, string>;
}

/** One request in one of the protocols. */
interface Asked {
  /** As permissions name it. */
  readonly action: string;
  answer(): Promise<Answer>;
  refuse(error: ApiError): Answer;
}

const requestId = "59dbff89-35bd-4eac-99ed-be587example";
const query2016 = "http://ec2.amazonaws.com/doc/2016-11-15/";

/** @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html the shape of an error */
const queryError = ({ code, message, status }: ApiError): Answer => {
  const error = xml("Error", { Code: code, Message: message });
  return {
    status,
    type: "text/xml",
    body: `<?xml version="1.0"?><Response><Errors>${error}</Errors>${xml("RequestID", requestId)}</Response>`,
  };
};

function queryRequest(account: Account, body: string): Asked {
  const form = new URLSearchParams(body);
  const action = form.get("Action") ?? "";
  if (form.get("Version") === "2011-06-15")
    return {
      action: `sts:${action}`,
      answer: () => {
        if (action !== "GetCallerIdentity") throw new ApiError("InvalidAction", action);
        const identity = { Account: accountId, Arn: `arn:aws:iam::${accountId}:user/rehearsal`, UserId: "AIDAEXAMPLE" };
        const inner = xml(`${action}Result`, identity) + xml("ResponseMetadata", { RequestId: requestId });
        return Promise.resolve({
          status: 200,
          type: "text/xml",
          body: `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${inner}</${action}Response>`,
        });
      },
      refuse: ({ code, message, status }) => ({
        status,
        type: "text/xml",
        body: xml("ErrorResponse", { Error: { Type: "Sender", Code: code, Message: message }, RequestId: requestId }),
      }),
    };
  return {
    action: `ec2:${action}`,
    answer: async () => {
      const value = await ec2(account, action, new Query(form));
      const inner = Object.entries(value as Record<string, never>).map(([name, part]) => xml(name, part));
      return {
        status: 200,
        type: "text/xml",
        body: `<${action}Response xmlns="${query2016}">${xml("requestId", requestId)}${inner.join("")}</${action}Response>`,
      };
    },
    refuse: queryError,
  };
}

const jsonError =
  (type: string) =>
  ({ code, message, status }: ApiError): Answer => ({
    status,
    type,
    body: JSON.stringify({ __type: code, message }),
    headers: { "x-amzn-errortype": code },
  });

function jsonRequest(account: Account, target: string, body: string): Asked {
  const type = "application/x-amz-json-1.1";
  const [service = "", name = ""] = target.split(".");
  return {
    action: `${service === "AmazonSSM" ? "ssm" : "servicequotas"}:${name}`,
    answer: async () => {
      const operation = jsonOperations[target];
      if (!operation) throw new Error(`the rehearsal does not play ${target}`);
      const given = JSON.parse(body) as Record<string, unknown>;
      const answer = await account.store.exclusively(() => operation(account, given));
      return { status: 200, type, body: JSON.stringify(answer) };
    },
    refuse: jsonError(type),
  };
}

function restRequest(account: Account, method: string, url: URL): Asked {
  const type = "application/json";
  const { action, answer } = schedulerRequest(account, method, url);
  return {
    action,
    answer: async () => ({ status: 200, type, body: JSON.stringify(await account.store.exclusively(answer)) }),
    refuse: jsonError(type),
  };
}

function objectRequest(account: Account, method: string, url: URL): Asked {
  const type = "application/xml";
  const { action, answer } = s3Request(account, method, url);
  return {
    action,
    answer: async () => ({ type, ...(await account.store.exclusively(answer)) }),
    refuse: (error) => ({ type, ...s3Error(error) }),
  };
}

/** Requests are signed for one service: `Credential=<key>/<date>/<region>/s3/aws4_request`. */
const isForS3 = (authorization: string): boolean => authorization.includes("/s3/aws4_request");

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

/** @returns undefined: the connection is cut */
async function respond(account: Account, asked: Asked, authorization: string): Promise<Answer | undefined> {
  account.call(asked.action);
  const kind: FaultKind | undefined = await takeFault(account.store, asked.action);
  try {
    if (!authorization.includes(`Credential=${credentials.AWS_ACCESS_KEY_ID}/`))
      throw new ApiError("AuthFailure", "AWS was not able to validate the provided access credentials", 401);
    if (kind === "fail" || kind === "capacity" || kind === "quota" || kind === "throttled") {
      recordHit(account.store, kind, asked.action);
      throw refusals[kind];
    }
    const answer = await asked.answer();
    if (!kind) return answer;
    recordHit(account.store, kind, asked.action);
    return undefined;
  } catch (error) {
    if (error instanceof ApiError) return asked.refuse(error);
    throw error;
  }
}

export interface ApiServer {
  /** Value of AWS_ENDPOINT_URL. */
  readonly url: string;
  /** What the server could not play: a test must not pass over it. */
  readonly problems: readonly string[];
  close(): Promise<void>;
}

/** The API of the account, for Amazon's SDK: EC2, STS, SSM, S3, Service Quotas and EventBridge Scheduler in one place. */
export async function startApi(folder: string): Promise<ApiServer> {
  const account = openAccount(folder);
  const problems: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const body = await bodyOf(request);
      const target = request.headers["x-amz-target"];
      const url = new URL(request.url ?? "/", "http://localhost");
      const { method = "GET", headers } = request;
      const { authorization = "" } = headers;
      const asked = isForS3(authorization)
        ? objectRequest(account, method, url)
        : typeof target === "string"
          ? jsonRequest(account, target, body)
          : url.pathname.startsWith("/schedules")
            ? restRequest(account, method, url)
            : queryRequest(account, body);
      const answer = await respond(account, asked, authorization);
      if (!answer) request.socket.destroy();
      else response.writeHead(answer.status, { "content-type": answer.type, ...answer.headers }).end(answer.body);
    })().catch((error: unknown) => {
      problems.push(String(error));
      response.writeHead(501).end(String(error));
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    problems,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
