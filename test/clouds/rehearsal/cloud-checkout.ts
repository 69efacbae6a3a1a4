import type { OwnCheckout } from "../../support/own-checkout";
import type { Store } from "../lib/store";

/** A checkout of the whole program on an account, played or real. */
export interface CloudUnderTest {
  readonly backend: "aws" | "azure";
  readonly checkout: OwnCheckout;
  /** What the account holds that it did not hold at first, and the other way round. */
  difference(): readonly string[] | Promise<readonly string[]>;
  close(): Promise<void>;
}

/** A checkout of the whole program whose backend is a played cloud: what scenarios need of it, whichever cloud it is. */
export interface CloudCheckout extends CloudUnderTest {
  /** What exists in the account, and what was asked of it. */
  readonly store: Store;
  /** Names of another image version that is there, and not promoted. */
  readonly otherImage: string;
  difference(): string[];
  /** What could not be played: a test must not pass over it. */
  problems(): readonly string[];
  /** Ids of machines that are not removed. */
  living(): string[];
  /** Folders of the local machines that play them. */
  machineFolders(): string[];
  /** The cloud's own clock reaches a moment, and what is due by then happens. */
  timePasses(until: Date): Promise<void>;
}

/** What an account holds now and did not before, and the other way round. */
export function differenceOf(before: readonly string[], now: readonly string[]): string[] {
  return [
    ...now.filter((one) => !before.includes(one)).map((one) => `left: ${one}`),
    ...before.filter((one) => !now.includes(one)).map((one) => `lost: ${one}`),
  ];
}

/** What every person with an account writes into the profile, whichever cloud it is. */
export const commonProfile = (callerAddress: string): string =>
  `  kmvm:bootTimeout: 20m\n  kmvm:callerCidr: ${callerAddress}/32\n`;
