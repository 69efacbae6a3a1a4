import {
  EC2Client,
  GetConsoleOutputCommand,
  SendDiagnosticInterruptCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  waitUntilInstanceRunning,
  waitUntilInstanceStopped,
} from "@aws-sdk/client-ec2";
import { clientOf } from "./clients";
import { calling, failureOf, isGone } from "./errors";
import type { AwsSettings } from "./settings";

const patience = { maxWaitTime: 600, minDelay: 2, maxDelay: 10 };

async function withClient<T>(own: AwsSettings, doing: string, work: (client: EC2Client) => Promise<T>): Promise<T> {
  const client = new EC2Client(clientOf(own));
  try {
    return await calling(doing, () => work(client));
  } finally {
    client.destroy();
  }
}

const isInBetween = (error: unknown) => failureOf(error).codes.includes("IncorrectInstanceState");

/**
 * Ends when it runs; that ssh answers is for others to wait for. It has another address than before. One that is still
 * shutting down is waited for: EC2 refuses to start it until then.
 */
export function startMachine(own: AwsSettings, id: string): Promise<void> {
  return withClient(own, `could not start ${id}`, async (client) => {
    const start = () => client.send(new StartInstancesCommand({ InstanceIds: [id] }));
    try {
      await start();
    } catch (error) {
      if (!isInBetween(error)) throw error;
      await waitUntilInstanceStopped({ client, ...patience }, { InstanceIds: [id] });
      await start();
    }
    await waitUntilInstanceRunning({ client, ...patience }, { InstanceIds: [id] });
  });
}

/** The guest is told to shut down; one that does not is switched off by EC2. Its disk is kept. */
export function stopMachine(own: AwsSettings, id: string): Promise<void> {
  return withClient(own, `could not stop ${id}`, async (client) => {
    await client.send(new StopInstancesCommand({ InstanceIds: [id] }));
    await waitUntilInstanceStopped({ client, ...patience }, { InstanceIds: [id] });
  });
}

const latestNotThere = (error: unknown) =>
  failureOf(error).codes.some((code) => /^(UnsupportedOperation|Unsupported|InvalidParameterValue)$/.test(code));

/**
 * The console so far: the last 64 KB of it. `Latest` reads it as it is now, on Nitro types only; without, it is what EC2
 * kept of the last change of state (docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetConsoleOutput.html).
 */
export function consoleText(own: AwsSettings, id: string): Promise<string> {
  return withClient(own, `could not read the console of ${id}`, async (client) => {
    const read = async (Latest: boolean) =>
      (await client.send(new GetConsoleOutputCommand({ InstanceId: id, Latest }))).Output ?? "";
    let output: string;
    try {
      output = await read(true);
    } catch (error) {
      // One that is gone has no console any more: what was read of it before is all there is.
      if (isGone(error)) return "";
      if (!latestNotThere(error)) throw error;
      output = await read(false);
    }
    return Buffer.from(output, "base64").toString("utf8");
  });
}

/**
 * An NMI, of which the guest's kernel panics. Every type on Nitro with x86 has it
 * (docs.aws.amazon.com/AWSEC2/latest/UserGuide/diagnostic-interrupt.html).
 */
export function interruptMachine(own: AwsSettings, id: string): Promise<void> {
  return withClient(own, `could not interrupt ${id}`, async (client) => {
    await client.send(new SendDiagnosticInterruptCommand({ InstanceId: id }));
  });
}
