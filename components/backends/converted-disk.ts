import { local } from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";
import type { Image } from "../kmvm/image";

/** A form of a disk that a provider takes. */
export interface DiskForm {
  /** Ending of its name: `vmdk`. */
  readonly ending: string;
  /** As qemu-img names it. */
  readonly format: string;
  readonly options: string;
}

/**
 * Converts the disk in $FOLDER, where that was not done yet. Another name until it is whole; one at a time, so that what
 * a killed one has left is known for that, and the next one writes over it. Pure.
 */
export function conversion({ ending, format, options }: DiskForm): string {
  return `set -eu
cd "$FOLDER"
exec 9>.disk.${ending}.lock
flock 9
for disk in disk.raw disk.qcow2; do
  if [ -e disk.${ending} ] || [ ! -e "$disk" ]; then continue; fi
  qemu-img convert -f "\${disk#disk.}" -O ${format} -o ${options} "$disk" .disk.${ending}
  mv .disk.${ending} disk.${ending}
done
printf '%s/disk.${ending}' "$FOLDER"`;
}

/**
 * A disk of the local store in the form that a provider takes. It lies beside the disk, so that it goes with the version.
 * @returns its path
 */
export function convertedDisk(
  name: string,
  { folder, version }: Pick<Image, "folder" | "version">,
  form: DiskForm,
  opts: pulumi.ComponentResourceOptions,
): pulumi.Output<string> {
  const { stdout } = new local.Command(
    `${name}-${form.ending}`,
    {
      create: conversion(form),
      environment: { FOLDER: folder },
      triggers: [version],
      addPreviousOutputInEnv: false,
    },
    opts,
  );
  return stdout;
}
