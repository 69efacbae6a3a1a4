import {
  EC2Client,
  paginateDescribeImages,
  paginateDescribeImportSnapshotTasks,
  paginateDescribeSnapshots,
  type Filter,
  type Image,
  type ImportSnapshotTask,
  type Snapshot,
} from "@aws-sdk/client-ec2";
import { chunks } from "../../../lib/chunks";
import { imageTagNames, ourProject, tagNames } from "../../../lib/tags";
import { clientOf, collect, tagsOf } from "./clients";
import { calling } from "./errors";
import { imageDescription, isPublishedHere, publishedHere, publishingTags } from "./image-names";
import { mostValues, oursOnly } from "./instances";
import type { AwsSettings } from "./settings";

/** What a publishing makes of EC2's, in the order of its making. */
export type Ec2Kind = "import" | "snapshot" | "image";
/** The same with what is on the way there. */
export type ImageResourceKind = "upload" | "object" | Ec2Kind;

/** One thing that a publishing made, or is making. */
export interface ImageResource<Kind extends ImageResourceKind = ImageResourceKind> {
  readonly kind: Kind;
  readonly id: string;
  readonly image: string;
  readonly version: string;
  /** Empty where the thing does not say whose it is. */
  readonly backendHash: string;
  readonly stack: string;
  /** ISO 8601; empty where the provider does not tell. */
  readonly createdAt: string;
  /** Of an image: what it is made of. */
  readonly snapshots: readonly string[];
  /** Of a snapshot: somebody has made an image of it that is none of ours. */
  readonly usedByOthers?: true;
  /** What it is to be tagged with before it may be touched: it was made, and not tagged any more. */
  readonly missingTags?: Readonly<Record<string, string>>;
}

type Tags = Readonly<Record<string, string>>;

/** @returns none where the tags are not those of a publishing. Pure. */
export function resourceOf<Kind extends ImageResourceKind>(
  made: Pick<ImageResource<Kind>, "kind" | "createdAt"> & { readonly id: string | undefined },
  tags: Tags,
  more: Partial<Pick<ImageResource, "snapshots" | "missingTags">> = {},
): ImageResource<Kind>[] {
  const { id } = made;
  const image = tags[imageTagNames.image];
  const version = tags[imageTagNames.version];
  if (id === undefined || image === undefined || version === undefined) return [];
  const owner = { backendHash: tags[tagNames.backendHash] ?? "", stack: tags[tagNames.stack] ?? "" };
  return [{ snapshots: [], ...made, ...more, id, image, version, ...owner }];
}

const isTagged = (tags: Tags) => imageTagNames.image in tags;
const snapshotsOf = ({ BlockDeviceMappings = [] }: Image) =>
  BlockDeviceMappings.flatMap(({ Ebs }) => (Ebs?.SnapshotId === undefined ? [] : [Ebs.SnapshotId]));

const ofImage = (image: Image, missingTags?: Tags) =>
  resourceOf(
    { kind: "image", id: image.ImageId, createdAt: image.CreationDate ?? "" },
    missingTags ?? tagsOf(image.Tags),
    { snapshots: snapshotsOf(image), ...(missingTags === undefined ? {} : { missingTags }) },
  );

const ofSnapshot = ({ SnapshotId, Tags, StartTime }: Snapshot, missingTags?: Tags) =>
  resourceOf(
    { kind: "snapshot", id: SnapshotId, createdAt: StartTime?.toISOString() ?? "" },
    missingTags ?? tagsOf(Tags),
    missingTags === undefined ? {} : { missingTags },
  );

const ofTask = ({ ImportTaskId, Tags }: ImportSnapshotTask) =>
  resourceOf({ kind: "import", id: ImportTaskId, createdAt: "" }, tagsOf(Tags));

const inChunks = async <T>(ids: readonly string[], ask: (some: string[]) => Promise<T[]>): Promise<T[]> =>
  (await Promise.all(chunks(ids, mostValues).map(ask))).flat();

class Account {
  private readonly paging;

  constructor(
    private readonly own: AwsSettings,
    client: EC2Client,
  ) {
    this.paging = { client, pageSize: 500 };
  }

  /** What publishings below the parameters of the settings made. */
  get published(): Filter[] {
    return [oursOnly, publishedHere(this.own)];
  }

  /** The tags of what is published of these snapshots. */
  tagsLike(source: ImageResource): Tags {
    return publishingTags(this.own, source);
  }

  images(...Filters: Filter[]): Promise<Image[]> {
    return collect(paginateDescribeImages(this.paging, { Owners: ["self"], Filters }), ({ Images }) => Images);
  }

  snapshots(...Filters: Filter[]): Promise<Snapshot[]> {
    const pages = paginateDescribeSnapshots(this.paging, { OwnerIds: ["self"], Filters });
    return collect(pages, ({ Snapshots }) => Snapshots);
  }

  imagesOf(snapshots: readonly string[]): Promise<Image[]> {
    const name = "block-device-mapping.snapshot-id";
    return inChunks(snapshots, (Values) => this.images({ Name: name, Values }));
  }

  /** Imports of ours. EC2's reference has no filter by tags for them: all of the account are looked through. */
  async tasks(): Promise<ImportSnapshotTask[]> {
    const pages = paginateDescribeImportSnapshotTasks(this.paging, {});
    const all = await collect(pages, ({ ImportSnapshotTasks }) => ImportSnapshotTasks);
    return all
      .filter(({ Tags }) => tagsOf(Tags)[tagNames.project] === ourProject)
      .filter(({ Tags }) => isPublishedHere(this.own, tagsOf(Tags)));
  }
}

async function inAccount<T>(own: AwsSettings, doing: string, work: (account: Account) => Promise<T>): Promise<T> {
  const client = new EC2Client(clientOf(own));
  try {
    return await calling(doing, () => work(new Account(own, client)));
  } finally {
    client.destroy();
  }
}

/**
 * Snapshots of imports that nobody waited for to the end. The task has our tags, the snapshot gets them from the engine's
 * provider when it is there.
 */
async function untaggedSnapshots(
  account: Account,
  tasks: readonly ImportSnapshotTask[],
  known: readonly ImageResource[],
) {
  const tagged = new Set(known.map(({ id }) => id));
  const tagsBySnapshot = new Map(
    tasks.flatMap(({ SnapshotTaskDetail, Tags }) => {
      const id = SnapshotTaskDetail?.SnapshotId;
      return id === undefined || tagged.has(id) ? [] : [[id, tagsOf(Tags)] as const];
    }),
  );
  const found = await inChunks([...tagsBySnapshot.keys()], (Values) =>
    account.snapshots({ Name: "snapshot-id", Values }),
  );
  return found.flatMap((snapshot) => ofSnapshot(snapshot, tagsBySnapshot.get(snapshot.SnapshotId ?? "")));
}

/** Images made of snapshots of ours that have no tags of ours: registered and not tagged any more, or a person's. */
async function untaggedImages(account: Account, snapshots: readonly ImageResource[]): Promise<Image[]> {
  const found = await account.imagesOf(snapshots.map(({ id }) => id));
  return found.filter(({ Tags }) => !isTagged(tagsOf(Tags)));
}

/** The image where a publishing has registered it: it says what it is. What a person has made says something else. */
function registered(account: Account, image: Image, snapshots: readonly ImageResource[]): ImageResource<"image">[] {
  const [id] = snapshotsOf(image);
  const source = snapshots.find((snapshot) => snapshot.id === id);
  if (!source || image.Description !== imageDescription(source.image, source.version)) return [];
  return ofImage(image, account.tagsLike(source));
}

/** Every AMI of the account that a publishing of ours made and tagged, in this region, below these parameters. */
export function listImages(own: AwsSettings): Promise<ImageResource<"image">[]> {
  return inAccount(own, `could not list the images in ${own.region}`, async (account) =>
    (await account.images(...account.published)).flatMap((image) => ofImage(image)),
  );
}

/** Those of an AMI's snapshots that another AMI of the account, whosever, is made of, too. */
export function snapshotsOfOthers(own: AwsSettings, { id, snapshots }: ImageResource<"image">): Promise<Set<string>> {
  return inAccount(own, `could not list the images in ${own.region}`, async (account) => {
    const others = (await account.imagesOf(snapshots)).filter(({ ImageId }) => ImageId !== id);
    return new Set(others.flatMap(snapshotsOf));
  });
}

/** Every import under way, snapshot and AMI of the account that a publishing of ours made, in this region. */
export function listImageResources(own: AwsSettings): Promise<ImageResource<Ec2Kind>[]> {
  return inAccount(own, `could not list what images are made of in ${own.region}`, async (account) => {
    const [images, taggedSnapshots, tasks] = await Promise.all([
      account.images(...account.published),
      account.snapshots(...account.published),
      account.tasks(),
    ]);
    const tagged = taggedSnapshots.flatMap((snapshot) => ofSnapshot(snapshot));
    const snapshots = [...tagged, ...(await untaggedSnapshots(account, tasks, tagged))];
    const untagged = await untaggedImages(account, snapshots);
    const cutShort = untagged.flatMap((image) => registered(account, image, snapshots));
    const others = untagged.filter(({ ImageId }) => !cutShort.some(({ id }) => id === ImageId)).flatMap(snapshotsOf);
    return [
      ...images.flatMap((image) => ofImage(image)),
      ...cutShort,
      ...snapshots.map((one) => (others.includes(one.id) ? { ...one, usedByOthers: true as const } : one)),
      ...tasks.filter(({ SnapshotTaskDetail }) => SnapshotTaskDetail?.Status === "active").flatMap(ofTask),
    ];
  });
}
