import { z } from "zod";

/** The devices that a hypervisor test can ask for. */
export const devices = ["/dev/kvm", "/dev/kkm"] as const;
export type Device = (typeof devices)[number];

/** The make targets that every test directory supports. */
export const targets = ["test", "test-all", "validate-runenv-image"] as const;
export type Target = (typeof targets)[number];

/** What has a machine to itself: the whole run, or each directory of it. */
export const isolations = ["run", "directory"] as const;
export type Isolation = (typeof isolations)[number];

/** all: everything; prepare: what comes before the tests; test: only them, where the rest has been done. */
export const phases = ["all", "prepare", "test"] as const;
export type Phase = (typeof phases)[number];

/** A tree of source: a directory of this host, or a branch of a repository that is cloned on this host. */
export const sourceSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("directory"), path: z.string() }),
  z.object({ kind: z.literal("repository"), url: z.string(), branch: z.string().optional() }),
]);
export type Source = z.infer<typeof sourceSchema>;

/**
 * All that the runner is told, as one JSON document on its standard input: secrets are in it, so it is never an
 * argument, an environment variable or a file.
 */
export const runRequestSchema = z.object({
  stack: z.string(),
  runId: z.string(),
  /** Counts the runs in one machine; another number is another run. */
  attempt: z.number().int(),
  machine: z.object({
    id: z.string(),
    address: z.string(),
    port: z.number().int(),
    user: z.string(),
    /** OpenSSH public key line that the guest must present. */
    hostKey: z.string(),
    /** OpenSSH private key of `user`. Secret. */
    privateKey: z.string(),
    /** File on this host that the guest's serial console is written to, if the backend has one. */
    consolePath: z.string().optional(),
    /** How the console is asked for where it is no file on this host. */
    console: z.object({ backend: z.string(), id: z.string(), configuration: z.unknown() }).optional(),
    /** Folder of the local machine, for QMP: NMI, registers. Only on backend qemu. */
    qemuFolder: z.string().optional(),
    imageVersion: z.string(),
    accelerator: z.string(),
    expiresAt: z.string(),
  }),
  source: sourceSchema,
  /** Where make runs, relative to the source tree, in this order. */
  directories: z.array(z.string()).min(1),
  target: z.enum(targets),
  /** @default run */
  isolate: z.enum(isolations).optional(),
  /** Directories that run side by side, each in a machine of its own. @default what memory and processors allow */
  jobs: z.number().int().optional(),
  /** @default all */
  phase: z.enum(phases).optional(),
  device: z.enum(devices),
  imageVersion: z.string().optional(),
  runtime: z.string().optional(),
  environment: z.record(z.string(), z.string()),
  registry: z
    .object({
      host: z.string(),
      /** Empty: no login. */
      username: z.string(),
      /** Secret. */
      password: z.string(),
      /** Whether it may be spoken to without TLS. */
      insecure: z.boolean(),
    })
    .optional(),
  /** Source of the kkm module; required for /dev/kkm. */
  kkmSource: sourceSchema.optional(),
  /** For cloning on the host only. Secret. */
  githubToken: z.string().optional(),
  limits: z.object({
    /** Seconds until the first ssh. */
    boot: z.number(),
    /** Seconds for all steps in the guest. */
    run: z.number(),
    /** Seconds without progress on log, console and keepalive. */
    hang: z.number(),
    /** MiB of log, of console and of artifacts that are taken from a guest at most. */
    logMiB: z.number(),
    artifactsMiB: z.number(),
  }),
  /** Settings as shown in settings.json of the evidence: no secret is in them. */
  shownSettings: z.record(z.string(), z.unknown()),
});
export type RunRequest = z.infer<typeof runRequestSchema>;
