import type { ArmResponse } from "./http";
import { MemoryBlobs, type Blobs } from "./blobs";

/** A resource as Resource Manager gives it. */
export interface Resource {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly location?: string;
  readonly tags?: Record<string, string>;
  readonly properties: Record<string, unknown>;
  /** Of virtual machines: what the instance view says. */
  readonly power?: string;
  /** Of virtual machines: what the serial console has written. */
  readonly console?: string;
}

/** Something that goes on for a while: until it has been asked for often enough, or, where nobody asks, some seconds. */
interface Operation {
  polls: number;
  done?: ArmResponse;
  readonly finish: () => ArmResponse;
}

const unaskedMs = 3000;

/** What a subscription holds. Ids are compared without regard to case, as the real one does. */
export class ArmState {
  private readonly resources = new Map<string, Resource>();
  private readonly operations = new Map<number, Operation>();
  private operationCount = 0;
  /** Ids whose listing comes late, and how many lists still miss them. */
  private readonly late = new Map<string, number>();

  readonly containers = new Set<string>();
  readonly blobs: Blobs = new MemoryBlobs();

  constructor(
    readonly subscriptionId: string,
    /** How often an operation is asked for before it is done. */
    readonly pollsPerOperation: number,
  ) {}

  put(resource: Resource): Resource {
    this.resources.set(resource.id.toLowerCase(), resource);
    return resource;
  }

  get(id: string): Resource | undefined {
    return this.resources.get(id.toLowerCase());
  }

  /** Removes it and all that is in it. */
  remove(id: string): void {
    const key = id.toLowerCase();
    for (const one of [...this.resources.keys()])
      if (one === key || one.startsWith(`${key}/`)) this.resources.delete(one);
  }

  /** All of a type, as a list gives them: what was made a moment ago may be missing still. */
  list(type: string): Resource[] {
    return [...this.resources.values()].filter((one) => one.type === type && !this.isLate(one.id));
  }

  /** How many resources there are, whatever their type. */
  get size(): number {
    return this.resources.size;
  }

  /** Lists miss it for the next `lists` times, though a get finds it. */
  delayListing(id: string, lists: number): void {
    this.late.set(id.toLowerCase(), lists);
  }

  private isLate(id: string): boolean {
    const left = this.late.get(id.toLowerCase()) ?? 0;
    if (left > 0) this.late.set(id.toLowerCase(), left - 1);
    return left > 0;
  }

  /** @returns its number, by which its end is asked for */
  begin(finish: () => ArmResponse): number {
    this.operationCount += 1;
    const operation: Operation = { polls: this.pollsPerOperation, finish };
    this.operations.set(this.operationCount, operation);
    setTimeout(() => (operation.done ??= operation.finish()), unaskedMs).unref();
    return this.operationCount;
  }

  /** @returns undefined where there is no such operation, "running" while it goes on, else how it ended */
  poll(number: number): ArmResponse | "running" | undefined {
    const operation = this.operations.get(number);
    if (!operation) return undefined;
    if (operation.polls-- > 0) return "running";
    return (operation.done ??= operation.finish());
  }
}
