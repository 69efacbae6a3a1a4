import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What a call was: `Action` of EC2's form, the last part of `X-Amz-Target` of JSON protocols. */
export type Answer = (call: string) => { readonly status: number; readonly body: string };

/** One service of AWS, for what moto has not. Ends with `stop`. */
export async function standIn(answer: Answer): Promise<{ url: string; calls: string[]; stop: () => Promise<void> }> {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const target = request.headers["x-amz-target"];
      const action = new URLSearchParams(Buffer.concat(chunks).toString()).get("Action");
      const call = typeof target === "string" ? (target.split(".").at(-1) ?? "") : (action ?? "");
      calls.push(call);
      const { status, body } = answer(call);
      const type = body.startsWith("<") ? "text/xml" : "application/x-amz-json-1.1";
      response.writeHead(status, { "content-type": type, connection: "close" }).end(body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const stop = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, "close").catch(() => undefined);
  };
  return { url: `http://127.0.0.1:${port}`, calls, stop };
}

/** An error as EC2 gives it (docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html). */
export const ec2Error = (code: string, message = "") => ({
  status: code === "DryRunOperation" ? 412 : code === "UnauthorizedOperation" ? 403 : 400,
  body: `<?xml version="1.0"?><Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>1</RequestID></Response>`,
});
