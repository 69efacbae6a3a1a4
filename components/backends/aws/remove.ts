import {
  DeleteLaunchTemplateCommand,
  DeleteNetworkInterfaceCommand,
  DeleteSecurityGroupCommand,
  DeleteVolumeCommand,
  EC2Client,
  TerminateInstancesCommand,
  waitUntilInstanceTerminated,
} from "@aws-sdk/client-ec2";
import { DeleteScheduleCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import { UserError } from "../../../lib/errors";
import { retryUntil, systemClock, type Clock } from "../../../lib/retry";
import { fromTags } from "../../../lib/tags";
import { clientOf, tagsOf } from "./clients";
import { calling, failureOf, isGone } from "./errors";
import { describeInstances } from "./instances";
import {
  listEc2Resources,
  readSchedules,
  resourcesOfRun,
  scheduleGroup,
  type RunKind,
  type RunResource,
} from "./run-resources";
import type { AwsSettings } from "./settings";

/** What still belongs to something that is on its way out is to be had a moment later. */
const notYet = (error: unknown) =>
  failureOf(error).codes.some((code) =>
    /^(DependencyViolation|VolumeInUse|InvalidNetworkInterface\.InUse|IncorrectState)$/.test(code),
  );

interface Clients {
  readonly ec2: EC2Client;
  readonly scheduler: SchedulerClient;
}

const removers: { readonly [K in RunKind]: (clients: Clients, id: string) => Promise<unknown> } = {
  volume: ({ ec2 }, id) => ec2.send(new DeleteVolumeCommand({ VolumeId: id })),
  "network-interface": ({ ec2 }, id) => ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: id })),
  "launch-template": ({ ec2 }, id) => ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId: id })),
  "security-group": ({ ec2 }, id) => ec2.send(new DeleteSecurityGroupCommand({ GroupId: id })),
  schedule: ({ scheduler }, id) =>
    scheduler.send(new DeleteScheduleCommand({ Name: id.slice(scheduleGroup.length + 1), GroupName: scheduleGroup })),
};

async function withClients<T>(own: AwsSettings, work: (clients: Clients) => Promise<T>): Promise<T> {
  const clients = { ec2: new EC2Client(clientOf(own)), scheduler: new SchedulerClient(clientOf(own)) };
  try {
    return await work(clients);
  } finally {
    clients.ec2.destroy();
    clients.scheduler.destroy();
  }
}

/** Succeeds also when it is gone already. Waits while it still belongs to something that goes. */
function removeResource(own: AwsSettings, { kind, id }: Pick<RunResource, "kind" | "id">, clock: Clock): Promise<void> {
  return withClients(own, (clients) =>
    calling(`could not remove ${kind} ${id}`, async () => {
      await retryUntil(
        {
          what: `${kind} ${id} to be free`,
          timeoutMs: 300_000,
          intervalMs: 5000,
          attempt: async () => {
            try {
              await removers[kind](clients, id);
              return true;
            } catch (error) {
              if (isGone(error)) return true;
              if (notYet(error)) return undefined;
              throw error;
            }
          },
        },
        clock,
      );
    }),
  );
}

/**
 * One thing that a machine had for itself. What does not bear our tags is never touched.
 * @param id as `RunResource.id`
 */
export async function removeRunResource(own: AwsSettings, id: string, clock: Clock = systemClock): Promise<void> {
  const schedule = id.startsWith(`${scheduleGroup}/`) ? id.slice(scheduleGroup.length + 1) : undefined;
  const candidates = await (schedule === undefined ? listEc2Resources(own) : readSchedules(own, [schedule]));
  const resource = candidates.find((one) => one.id === id);
  if (resource) await removeResource(own, resource, clock);
}

/**
 * A machine and all that it has for itself: its run's resources, found by their tags.
 * @param id of the instance
 * @throws UserError when it is there and not ours
 */
export async function removeMachine(own: AwsSettings, id: string, clock: Clock = systemClock): Promise<void> {
  const [instance] = await describeInstances(own, [{ Name: "instance-id", Values: [id] }]);
  // What is left of a machine whose instance is gone is found as its remains.
  if (!instance) return;
  const tags = fromTags(tagsOf(instance.Tags));
  if (!tags)
    throw new UserError(`instance ${id} is not ours: it has no tags of kmvm`, "remove it yourself, if it is yours");
  await withClients(own, ({ ec2 }) =>
    calling(`could not terminate ${id}`, async () => {
      await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
      await waitUntilInstanceTerminated(
        { client: ec2, maxWaitTime: 900, minDelay: 2, maxDelay: 15 },
        { InstanceIds: [id] },
      );
    }),
  );
  for (const resource of await resourcesOfRun(own, tags)) await removeResource(own, resource, clock);
}
