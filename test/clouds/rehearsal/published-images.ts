import type { Disk } from "../lib/machine/control";
import type { CloudCheckout } from "./cloud-checkout";

/** A version of the image as whoever makes a machine of it finds it. */
export interface FoundImage {
  readonly version: string;
  /** The cloud's id of it. */
  readonly id: string;
  /** What machines of it boot from. */
  readonly disk: Disk;
}

/** What was published of the image to a played cloud. */
export interface PublishedImages {
  /** What a machine would be made of now, step by step as the program finds it. @throws when a step leads nowhere */
  promoted(): FoundImage;
  /** @throws when that version cannot be had whole */
  version(version: string): FoundImage;
  /** Ids of the images of all machines that there have been, the oldest machine first. */
  bootedFrom(): string[];
}

/** A played cloud that images can be published to. */
export interface PublishingCheckout extends CloudCheckout {
  readonly images: PublishedImages;
}

/** What differs between clouds for whoever publishes. */
export interface PublishingFacts {
  /** For a person: `AWS`. */
  readonly name: string;
  /** An account without any image. */
  open(): Promise<PublishingCheckout>;
  /** What the account holds of one promoted version: kinds of things, sorted. */
  readonly holds: readonly string[];
  /** Whether such a kind is there for the newest version only. */
  readonly onlyNewest: readonly string[];
}

/** Looks for the promoted image again and again, as tests that begin meanwhile do. */
export function watchPromoted(images: PublishedImages): {
  stop(): { readonly looks: number; readonly missing: string[] };
} {
  const missing: string[] = [];
  let looks = 0;
  const timer = setInterval(() => {
    looks += 1;
    try {
      images.promoted();
    } catch (error) {
      missing.push(String(error));
    }
  }, 5);
  return {
    stop: () => {
      clearInterval(timer);
      return { looks, missing };
    },
  };
}
