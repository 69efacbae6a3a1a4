import { describe, expect, test } from "@jest/globals";
import {
  CreateSecurityGroupCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeSecurityGroupsCommand,
  DescribeVolumesCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { ListSchedulesCommand } from "@aws-sdk/client-scheduler";
import { awsFacets } from "../../../components/backends/aws/facets";
import { toTags } from "../../../lib/tags";
import {
  anyAmi,
  ec2,
  makeMachine,
  makeSchedule,
  makeSurroundings,
  makeVolume,
  own,
  scheduler,
  tagsOfRun,
} from "./machine";
import { useMoto } from "./use-moto";

useMoto();

const facets = awsFacets(own);

const statesNow = async () => {
  const { Reservations = [] } = await ec2().send(new DescribeInstancesCommand({}));
  return Reservations.flatMap(({ Instances = [] }) => Instances.map(({ State }) => State?.Name));
};

/** All of the account that could be ours, by count. */
async function account() {
  const [volumes, groups, templates, schedules] = await Promise.all([
    ec2().send(new DescribeVolumesCommand({})),
    ec2().send(new DescribeSecurityGroupsCommand({})),
    ec2().send(new DescribeLaunchTemplatesCommand({})),
    scheduler().send(new ListSchedulesCommand({})),
  ]);
  return {
    volumes: volumes.Volumes?.length,
    groups: groups.SecurityGroups?.length,
    templates: templates.LaunchTemplates?.length,
    schedules: schedules.Schedules?.length,
  };
}

describe("ls", () => {
  test("shows a machine as its tags tell it", async () => {
    const { instance } = await makeMachine(tagsOfRun("ab12cd34"));
    const { project: _project, ...tags } = tagsOfRun("ab12cd34");
    expect(await facets.inventory.list()).toEqual([
      {
        ...{ ...tags, id: instance, state: "running", imageVersion: "20260101.1-abc" },
        address: expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/),
      },
    ]);
  });

  test("shows nothing that is not ours, and nothing that was terminated", async () => {
    const image = { ImageId: anyAmi, MinCount: 1, MaxCount: 1 } as const;
    await ec2().send(new RunInstancesCommand(image));
    const Tags = [{ Key: "kmvm-project", Value: "kmvm" }];
    await ec2().send(new RunInstancesCommand({ ...image, TagSpecifications: [{ ResourceType: "instance", Tags }] }));
    const { instance } = await makeMachine(tagsOfRun("gone"));
    await ec2().send(new TerminateInstancesCommand({ InstanceIds: [instance] }));
    expect(await facets.inventory.list()).toEqual([]);
  });
});

describe("start and stop", () => {
  test("stop keeps the machine, start makes it run again", async () => {
    const { instance } = await makeMachine(tagsOfRun("ab12cd34"));
    await facets.power.stop(instance);
    expect(await facets.inventory.list()).toMatchObject([{ id: instance, state: "stopped" }]);
    await facets.power.start(instance);
    expect(await facets.inventory.list()).toMatchObject([{ id: instance, state: "running" }]);
  });

  test("of a machine that is gone says so to a person", async () => {
    await expect(facets.power.start("i-0123456789abcdef0")).rejects.toMatchObject({
      name: "UserError",
      message: expect.stringMatching(/^could not start i-0123456789abcdef0: settings: InvalidInstanceID.NotFound/),
    });
  });

  test("reset is refused: EC2 has no such thing", async () => {
    await expect(facets.power.reset("i-1")).rejects.toMatchObject({ name: "UserError" });
  });
});

test("the console is text, and that of a machine that is gone is empty", async () => {
  const { instance } = await makeMachine(tagsOfRun("ab12cd34"));
  expect(await facets.console.text(instance)).toMatch(/Linux version/);
  expect(await facets.console.text("i-0123456789abcdef0")).toBe("");
});

describe("destroy", () => {
  test("removes a machine and all that it has for itself, and nothing of another", async () => {
    const before = await account();
    const { instance } = await makeMachine(tagsOfRun("first"));
    await makeVolume(tagsOfRun("first"));
    const after = await account();
    await makeMachine(tagsOfRun("second"));
    await facets.destroyer.destroy(instance);
    expect((await facets.inventory.list()).map(({ runId }) => runId)).toEqual(["second"]);
    // Of two alike one is left.
    expect(await account()).toEqual({ ...after, volumes: (before.volumes ?? 0) + 1 });
    await facets.destroyer.destroy((await facets.inventory.list())[0]?.id ?? "");
    expect(await account()).toEqual(before);
  });

  test("succeeds again when it is gone", async () => {
    const { instance } = await makeMachine(tagsOfRun("first"));
    await facets.destroyer.destroy(instance);
    await facets.destroyer.destroy(instance);
    await facets.destroyer.destroy("i-0123456789abcdef0");
  });

  test("refuses what does not bear our tags, and leaves it", async () => {
    const { Instances } = await ec2().send(new RunInstancesCommand({ ImageId: anyAmi, MinCount: 1, MaxCount: 1 }));
    await expect(facets.destroyer.destroy(Instances?.[0]?.InstanceId ?? "")).rejects.toThrow(/is not ours/);
    expect(await statesNow()).toEqual(["running"]);
  });
});

describe("leftovers", () => {
  test("there are none of a whole machine, running or stopped", async () => {
    const { instance } = await makeMachine(tagsOfRun("whole"));
    expect(await facets.leftovers.list()).toEqual([]);
    await facets.power.stop(instance);
    expect(await facets.leftovers.list()).toEqual([]);
  });

  test("are what a run has whose machine is not there, with whose they are, in an order that works", async () => {
    const before = await account();
    const tags = tagsOfRun("halfmade");
    const { group, template } = await makeSurroundings(tags);
    const volume = await makeVolume(tags);
    const schedule = await makeSchedule(tags, "i-0123456789abcdef0");
    const remains = await facets.leftovers.list();
    expect(remains.map(({ id }) => id)).toEqual([volume, template, schedule, group]);
    for (const one of remains)
      expect(one).toMatchObject({
        machineId: "test-ci-240-halfmade",
        tags: { backendHash: tags.backendHash, stack: tags.stack, runId: tags.runId, expiresAt: tags.expiresAt },
      });
    for (const { id } of remains) await facets.leftovers.remove(id);
    expect(await facets.leftovers.list()).toEqual([]);
    expect(await account()).toEqual(before);
  });

  test("are also what a machine leaves that was terminated by its expiry", async () => {
    const { instance, group, template } = await makeMachine(tagsOfRun("expired"));
    await ec2().send(new TerminateInstancesCommand({ InstanceIds: [instance] }));
    const ids = (await facets.leftovers.list()).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining([group, template]));
  });

  test("remove never touches what does not bear our tags, and succeeds for what is gone", async () => {
    const { GroupId = "" } = await ec2().send(
      new CreateSecurityGroupCommand({ GroupName: "theirs", Description: "not ours" }),
    );
    const before = await account();
    for (const id of [GroupId, "vol-0123456789abcdef0", "default/nightly-backup", "snap-0123456789abcdef0"])
      await facets.leftovers.remove(id);
    expect(await account()).toEqual(before);
  });
});

test("1000 machines are listed and found whole, page after page", async () => {
  const client = ec2();
  const make = (n: number) =>
    client.send(
      new RunInstancesCommand({
        ...{ ImageId: anyAmi, InstanceType: "m5.large", MinCount: 2, MaxCount: 2 },
        TagSpecifications: [
          {
            ResourceType: "instance",
            Tags: Object.entries(toTags(tagsOfRun(`run${n}`))).map(([Key, Value]) => ({ Key, Value })),
          },
        ],
      }),
    );
  // moto counts reservations, not instances: more of them than one answer holds, which is 500.
  for (let n = 0; n < 510; n += 10) await Promise.all(Array.from({ length: 10 }, (_, i) => make(n + i)));
  const machines = await facets.inventory.list();
  expect(new Set(machines.map(({ id }) => id)).size).toBe(1020);
  expect(new Set(machines.map(({ runId }) => runId)).size).toBe(510);
  expect(await facets.leftovers.list()).toEqual([]);
});
